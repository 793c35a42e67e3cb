"""Personal data: masked in texts, and persons replaced by a keyed hash that only this installation can make."""

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import luhn

from tdcrawl.errors import SettingError, StoreError
from tdcrawl.text import clean, normalise

KEY_FILE = "installation.key"
_KEY_BYTES = 32
_DEFAULT_REGIONS = ("US", "GB")

# Every pattern marks what it masks as `hit` and reads a long run of characters once: texts may be hostile.
_WORTH_A_LOOK = re.compile(r"[\d@＠]|[\[(]at[\])]", re.IGNORECASE)
_EMAIL = re.compile(
    r"(?<![\w.%+'-])'?(?P<hit>\w[\w.%+'-]*+(?:[@＠]|\s?[\[(]at[\])]\s?)"
    r"(?:[\w-]++(?:\.|\s?[\[(]dot[\])]\s?))+[^\W\d_]{2,})",
    re.IGNORECASE,
)
_ORDER_WORD = (
    r"\b(?:orders?|bestell(?:ung)?|bestel(?:ling)?|auftrags?|commande|pedido|ordine|encomenda|zamówieni[ea]|ordre)"
)
_NUMBER_WORD = r"(?:#|№|nº|n°|(?:n|no|nr|num|numbers?|nummer|numéro|numero|número|id|ref|reference)\b)"
_IS = r"(?:(?:is|was|ist|war|est|es)\b[\s:#]{1,3})?"
_NO_DATE = r"(?!\d{4}-\d\d-\d\d|\d\d?[/-]\d\d?[/-]\d{2,4}\b|(?:19|20)\d\d-(?:19|20)\d\d\b)"
_ORDER = re.compile(
    rf"{_ORDER_WORD}[\s-]{{0,3}}{_NUMBER_WORD}[\s:.#]{{0,4}}{_IS}{_NO_DATE}"
    r"(?P<hit>(?=[a-z-]{0,9}\d)[a-z\d](?:[/-]?[a-z\d]){2,}+)",
    re.IGNORECASE,
)
_BARE_ORDER = re.compile(
    rf"{_ORDER_WORD}[\s:,(]{{1,3}}{_NO_DATE}(?P<hit>[a-z]{{0,4}}-?\d(?:-?\d){{4,}}+)(?![a-z])", re.IGNORECASE
)
_CARD = re.compile(
    r"(?<!\d)(?P<hit>\d{14,19}|\d{4}([ .-])\d{4}\2\d{4}\2\d{4}(?:\2\d{3})?|\d{4}([ .-])\d{6}\3\d{4,5})(?!\d)", re.ASCII
)
# How the networks number: Diners Club 14 digits, American Express 15, the others 16 or 19; no EAN or IMEI is like that.
_CARD_NETWORK = re.compile(r"3[0689]\d{12}|3[47]\d{13}|(?:2[2-7]|35|[456]\d)\d{14}(?:\d{3})?")
_MAYBE_PHONE = re.compile(r"\d(?:[\s()./+-]{0,3}\d){6}")
_MORE_DIGITS = r"(?:[ ./()-]{0,2}\d)"
# The library knows the numbers that are in use; these say "phone" by their shape, or by the word before them.
_PHONE_SHAPE = re.compile(
    rf"""(?<![\w.,/+-])(?P<hit>
      (?:\+|00[ ]?(?=[1-9]\d{{0,2}}[ ]))\d{_MORE_DIGITS}{{7,14}}+
    | (?:\+?1[ .-]?)?(?:\([2-9]\d\d\)[ ]?|[2-9]\d\d[.-])\d{{3}}[.-]\d{{4}}
    | 0\d{{4}}[ -]\d{{3}}[ -]?\d{{3}} | 0\d{{3}}[ -]\d{{3}}[ -]\d{{4}} | 07\d{{9}}
    )(?![\w/-])""",
    re.VERBOSE,
)
_PHONE_WORD = re.compile(
    r"\b(?:(?:tele)?phone|tel|call|mobile|cell|whatsapp|fax|(?:tele|mobil)fon|handy|téléphone|tél|teléfono|telefono)\b"
    r"(?:[ :.#-]|\b(?:me|us|them|at|on|is|no|number|nr|nummer)\b){0,8}+"
    rf"{_NO_DATE}(?P<hit>(?:\+|\(?\d)\d{_MORE_DIGITS}{{5,13}}+)(?![\w/-])",
    re.IGNORECASE,
)
# What stands before a number that is none of a phone: a word for things, or the path or query of an address.
_NAMES_A_THING = re.compile(
    r"\b(?:model|item|sku|isbn|ean|upc|gtin|asin|mpn|serial|lot|batch|id|part|art|article|artikel|product)\b\W{0,3}"
    r"(?:(?:no|nr|number|code)\b)?\W{0,3}$|\w[/=]$",
    re.IGNORECASE,
)

Span = tuple[int, int]


def mask(text: str, region: str | None = None) -> tuple[str, Counter[str]]:
    """Replace e-mail addresses, order, card and phone numbers by [email], [order], [card] and [phone].

    Gives the masked text and how many of each were found. `region` is the country (ISO 3166, e.g. "DE") whose national
    phone numbers are known beside the international ones; without it those of the US and the UK are. Masking twice
    changes nothing.
    """
    found: Counter[str] = Counter()
    regions = (region,) if region else _DEFAULT_REGIONS
    # Once a neighbour is masked, a number may stand free that did not before: so until nothing more is found.
    while _WORTH_A_LOOK.search(text):
        masked = _mask_once(text, regions, found)
        if masked == text:
            break
        text = masked
    return text, found


def mask_fields(
    raw: Mapping[str, str], persons: Iterable[str], key: bytes, region: str | None = None
) -> dict[str, str]:
    """Mask scraped strings for the failed feed: the `persons` fields become `person:<hash>`, all others are masked."""
    people = frozenset(persons)
    return {
        field: f"person:{person_hash(key, value)}" if field in people else mask(value, region)[0]
        for field, value in raw.items()
    }


def person_hash(key: bytes, name: str) -> str:
    """Hash a person's name, however it is spelt, with the installation's key: HMAC-SHA256, 32 hexadecimal digits."""
    return hmac.new(key, normalise(clean(name)).encode(), hashlib.sha256).hexdigest()[:32]


def load_key(data_dir: Path, configured: str | None = None) -> bytes:
    """Give the installation's key (32 bytes): the configured one, else the file's, which is made on first use.

    Raises SettingError where the configured key is not 64 hexadecimal digits, and StoreError where the file cannot be
    used or others may read it.
    """
    if configured:
        return _parse_key(
            configured, SettingError("TDCRAWL_PERSON_KEY must be 64 hexadecimal digits: openssl rand -hex 32")
        )
    path = data_dir / KEY_FILE
    try:
        if not path.exists():
            _create_key(path)
        if path.stat().st_mode & 0o077:
            raise StoreError(f"others may read the key that hides names; close it with: chmod 600 {path}")
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot use the key file {path}: {error.strerror}") from error
    return _parse_key(content.decode("ascii", "replace"), StoreError(f"{path} does not hold 64 hexadecimal digits"))


def _parse_key(digits: str, refusal: SettingError | StoreError) -> bytes:
    digits = digits.strip()
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
        raise refusal
    return bytes.fromhex(digits)


def _create_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{KEY_FILE}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link appears whole or not at all, and fails where another process was first: then its key is everybody's.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()


def _mask_once(text: str, regions: Iterable[str | None], found: Counter[str]) -> str:
    for kind, find in _FINDERS:
        pieces, end = [], 0
        # The longest of those that begin together: what is left of a number is no number, and would stay.
        for start, stop in sorted(find(text, regions), key=lambda span: (span[0], -span[1])):
            if start >= end:
                pieces += [text[end:start], f"[{kind}]"]
                end = stop
                found[kind] += 1
        text = "".join(pieces) + text[end:]
    return text


def _emails(text: str, _regions: Iterable[str | None]) -> Iterator[Span]:
    return (match.span("hit") for match in _EMAIL.finditer(text))


def _orders(text: str, _regions: Iterable[str | None]) -> Iterator[Span]:
    return (match.span("hit") for pattern in (_ORDER, _BARE_ORDER) for match in pattern.finditer(text))


def _cards(text: str, _regions: Iterable[str | None]) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        digits = re.sub("[ .-]", "", match["hit"])
        if _CARD_NETWORK.fullmatch(digits) and luhn.is_valid(digits):
            yield match.span("hit")


def _phones(text: str, regions: Iterable[str | None]) -> Iterator[Span]:
    if not _MAYBE_PHONE.search(text):
        return
    spans = [match.span("hit") for pattern in (_PHONE_SHAPE, _PHONE_WORD) for match in pattern.finditer(text)]
    for region in regions:
        numbers = PhoneNumberMatcher(text, region, Leniency.STRICT_GROUPING)
        spans += [(number.start, number.end) for number in numbers]
    yield from (span for span in spans if not _NAMES_A_THING.search(text[max(0, span[0] - 30) : span[0]]))


_FINDERS: tuple[tuple[str, Callable[[str, Iterable[str | None]], Iterator[Span]]], ...] = (
    ("email", _emails),
    ("order", _orders),
    ("card", _cards),
    ("phone", _phones),
)
