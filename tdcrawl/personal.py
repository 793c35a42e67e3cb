"""Where a text gives a person away: e-mail addresses, accounts, order, card and phone numbers."""

import re
from collections.abc import Callable, Iterable, Iterator

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import luhn

from tdcrawl.accounts import Span, accounts, maybe_account

# What a text must hold to be worth a close look, which costs ten times as much: each kind has a quick test of its own.
_SIGN = re.compile(r"[\d@＠[(_/]")
# The same for ASCII texts, of which nothing else is left: five times as fast, and most texts are.
_NO_SIGN = bytes(code for code in range(128) if not _SIGN.match(chr(code)))
_SPELT = " dot "
_MAYBE_EMAIL = re.compile(r"[@＠[(](?:(?<=[@＠])|at[\])])", re.IGNORECASE)
# How the words of _ORDER_WORD begin, without an i: case folding keeps its Turkish forms apart, patterns do not.
_ORDER_STEMS = ("ord", "bestel", "auftrag", "commande", "ped", "encomenda", "zam", "注文", "オーダー")
_MAYBE_CARD = re.compile(r"\d(?:[ .-]?\d){13}", re.ASCII)
_MAYBE_PHONE = re.compile(r"\d(?:[\s()./+-]{0,3}\d){6}")

# Every pattern marks what it masks as `hit` and reads a long run of characters once: texts may be hostile.
# Scripts without spaces: what stands beside an address in them is no part of it.
_NO_SPACES = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LETTER = rf"[^\W{_NO_SPACES}]"
_EMAIL = re.compile(
    rf"(?<!{_LETTER})(?<![.%+'-])'?(?P<hit>{_LETTER}(?:{_LETTER}|[.%+'-])*+(?:[@＠]|\s?[\[(]at[\])]\s?)"
    rf"(?:(?:{_LETTER}|-)++(?:\.|\s?[\[(]dot[\])]\s?))+[^\W\d_{_NO_SPACES}]{{2,}})",
    re.IGNORECASE,
)
# A name that no word is: "bought it at shop dot com" is no address.
_SPELT_EMAIL = re.compile(
    r"(?<![\w.+-])(?P<hit>(?=[a-z-]*[\d._+])[a-z][\w.+-]{1,60}+ at (?:[\w-]{1,60}+ dot ){1,4}[a-z]{2,20}+)(?!\w)",
    re.IGNORECASE | re.ASCII,
)
_ORDER_WORD = (
    r"\b(?:orders?|ordre|bestell(?:ung)?|bestel(?:ling)?|auftrags?|commande|pedido|ordine|encomenda|zamówieni[ea]"
    r"|zam\.)"
)
_NUMBER_WORD = (
    r"(?:#|№|nº|n°|(?:n|no|nr|num|numbers?|nummer|numer|numéro|numero|número|id|ref|refer[eê]nc(?:e|ia)|référence)\b)"
)
_OF_THE = r"(?:\s(?:with|the|mit|der|met|het|con|el|de|o|avec|le)\b){0,2}+"
_IS = r"(?:(?:is|was|ist|war|est|es|è|é|jest)\b[\s:#]{1,3})?"
_NO_DATE = r"(?!\d{4}[/-]\d\d?[/-]\d\d|\d\d?[/-]\d\d?[/-]\d{2,4}\b(?!-\d)|(?:19|20)\d\d[/-](?:19|20)\d\d\b)"
_ORDER_NUMBER = r"[a-z]{0,4}-?\d(?:[/-]?\d){4,}+"
# Behind a word for numbers, or bare: then "is" counts only where it is no English ("the order was 15000 rupees").
_ORDER = re.compile(
    rf"{_ORDER_WORD}(?:{_OF_THE}[\s-]{{0,3}}{_NUMBER_WORD}[\s:.#]{{0,4}}{_IS}{_NO_DATE}"
    r"(?P<hit>(?=[a-z-]{0,9}\d)[a-z\d](?:[/-]?[a-z\d]){2,}+)"
    rf"|[\s:,(]{{1,3}}(?:(?:est|es|ist|è|é|jest)\s)?{_NO_DATE}(?P<bare>{_ORDER_NUMBER})(?![a-z]))",
    re.IGNORECASE,
)
_JAPANESE_ORDER = re.compile(
    rf"(?:注文|オーダー)(?:番号|ID)?[\s:：は#（(]{{0,3}}{_NO_DATE}(?P<hit>{_ORDER_NUMBER})(?![a-z])", re.IGNORECASE
)
_ORDERS = (_ORDER, _JAPANESE_ORDER)
_CARD = re.compile(
    r"(?<!\d)(?P<hit>\d{14,19}|\d{4}([ .-])\d{4}\2\d{4}\2\d{4}(?:\2\d{3})?|\d{4}([ .-])\d{6}\3\d{4,5})(?!\d)", re.ASCII
)
# How the networks number: Diners Club 14 digits, American Express 15, the others 16 or 19; no EAN or IMEI is like that.
_CARD_NETWORK = re.compile(r"3[0689]\d{12}|3[47]\d{13}|(?:2[2-7]|35|[456]\d)\d{14}(?:\d{3})?")
_MORE_DIGITS = r"(?:[ ./()-]{0,3}\d)"
_ENDS = rf"(?!{_LETTER}|[/-])"
# The library knows the numbers that are in use; these say "phone" by their shape, or by the word before them.
_PHONE_SHAPE = re.compile(
    rf"""(?<!{_LETTER})(?<![.,/+-])(?P<hit>
      (?:\+|00[ ]?(?=[1-9]\d{{0,2}}[ ]))\d{_MORE_DIGITS}{{7,14}}+
    | (?:\+?1[ .-]?)?(?:\([2-9]\d\d\)[ ]?|[2-9]\d\d[.-])\d{{3}}[.-]\d{{4}}
    | 0\d{{4}}[ -]\d{{3}}[ -]?\d{{3}} | 0\d{{3}}[ -]\d{{3}}[ -]\d{{4}} | 07\d{{9}}
    ){_ENDS}""",
    re.VERBOSE,
)
_PHONE_WORD = re.compile(
    r"(?:\b(?:(?:tele)?phone|tel|call(?:ed)?|rang|mobile|cell|whatsapp|fax|(?:tele|mobil)fon|handy|hotline|rufnummer|anrufen"
    r"|téléphone|tél|appel(?:ez|é|er)|teléfono|móvil|llam(?:é|ad|ar)|telefono|cellulare|chiama(?:re|te|to)|contattatemi"
    r"|gebeld|bel|appen|telefoon|dzwoni(?:ć|łem|łam)|dzwoń(?:cie)?|komórka|infolinia"
    r"|telefone|celular|zap|ligu(?:e|ei)|ligar)\b|電話(?:番号)?|携帯)"
    r"(?:[ :.#(：は-]|\b(?:me|moi|us|them|at|on|is|no|number|nr|nummer|unter|au|le|al|el|il|met|op|na|para|o)\b){0,8}+"
    rf"{_NO_DATE}(?P<hit>(?:\+|\(?\d)\d{_MORE_DIGITS}{{5,13}}+){_ENDS}",
    re.IGNORECASE,
)
# What stands before a number that is none of a phone: a word for things, or the path or query of an address.
_NAMES_A_THING = re.compile(
    r"(?:\b(?:model\w*|modèle|item|sku|isbn|ean|upc|gtin|asin|mpn|serial|lot|batch|id|part|art|article|artikel|product"
    r"|serie\w*|série|seryjny|matricola)\b|型番)\W{0,3}"
    r"(?:(?:no|nr|number|code)\b)?\W{0,3}$|\w[/=]$",
    re.IGNORECASE,
)

# No number has as many strokes, and the library takes seconds for a text of nothing else.
_NO_PHONE = re.compile(r"(?:\d{1,2}/){9,}")

Finder = Callable[[str, Iterable[str | None]], Iterator[Span]]


def _maybe_order(text: str) -> bool:
    folded = text.casefold()
    return any(stem in folded for stem in _ORDER_STEMS)


def is_email(text: str) -> bool:
    """Say whether a text is an e-mail address and nothing else."""
    return _EMAIL.fullmatch(text) is not None


def hide_emails(url: str) -> str:
    """Replace the e-mail addresses in a web address by [email], their @ encoded or not; all else stays as it is."""
    # Most hold none, and this is asked of every record.
    if "@" not in url and "%40" not in url:
        return url
    plain = url.replace("%40", "@")
    hidden = _EMAIL.sub(lambda found: found[0].replace(found["hit"], "[email]"), plain)
    return url if hidden == plain else hidden


def worth_a_look(text: str) -> bool:
    """Say whether a text may hold any of this; asked of every text, most of which do not."""
    has_sign = bool(text.encode().translate(None, _NO_SIGN)) if text.isascii() else _SIGN.search(text) is not None
    return has_sign or _SPELT in text


def _maybe_email(text: str) -> bool:
    return _MAYBE_EMAIL.search(text) is not None or _SPELT in text


def _emails(text: str, _regions: Iterable[str | None]) -> Iterator[Span]:
    return (match.span("hit") for pattern in (_EMAIL, _SPELT_EMAIL) for match in pattern.finditer(text))


def _orders(text: str, _regions: Iterable[str | None]) -> Iterator[Span]:
    return (match.span(match.lastgroup or 0) for pattern in _ORDERS for match in pattern.finditer(text))


def _cards(text: str, _regions: Iterable[str | None]) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        digits = re.sub("[ .-]", "", match["hit"])
        if _CARD_NETWORK.fullmatch(digits) and luhn.is_valid(digits):
            yield match.span("hit")


def _phones(text: str, regions: Iterable[str | None]) -> Iterator[Span]:
    spans = [match.span("hit") for pattern in (_PHONE_SHAPE, _PHONE_WORD) for match in pattern.finditer(text)]
    searched = _NO_PHONE.sub(lambda found: " " * len(found[0]), text)
    for region in regions:
        numbers = PhoneNumberMatcher(searched, region, Leniency.STRICT_GROUPING)
        # Some countries have numbers of six digits: too few to tell.
        told = (number for number in numbers if _MAYBE_PHONE.search(number.raw_string))
        spans += [(number.start, number.end) for number in told]
    for start, end in spans:
        if not _NAMES_A_THING.search(text[max(0, start - 30) : start]):
            # A bracket that is closed behind the number is none of it.
            yield start + (re.match(r"[(（][^)）]*$", text[start:end]) is not None), end


FINDERS: tuple[tuple[str, Callable[[str], object], Finder], ...] = (
    ("email", _maybe_email, _emails),
    # Before the numbers: one of a bank has room for several of these.
    ("account", maybe_account, lambda text, _regions: accounts(text)),
    ("order", _maybe_order, _orders),
    ("card", _MAYBE_CARD.search, _cards),
    ("phone", _MAYBE_PHONE.search, _phones),
)
"""For each kind its name, the quick test, and what finds where it stands, given the regions of national numbers."""
