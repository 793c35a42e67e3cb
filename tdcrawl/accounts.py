"""Where a text names somebody's account: at a bank, a wallet, or a network of people."""

import re
from collections.abc import Iterator

from stdnum import bitcoin, iban

Span = tuple[int, int]

# Every account has one of these, or a digit behind a letter; few texts have.
_SIGN = re.compile(r"[@＠_/\d](?:(?<!\d)|(?<=[a-zA-Z]\d))", re.ASCII)
_MAYBE_NUMBER = re.compile(r"\d(?:(?<=[a-zA-Z]{2}\d)\d[ -]?[a-zA-Z\d]{4}[ -]?[a-zA-Z\d]{4}|[a-zA-Z\d]{24})", re.ASCII)
# What stands in a text that names a network, case folded.
_STEMS = (
    "insta", " ig", "tiktok", "tik tok", "twit", "facebook", "fb", "snapc", "snap:", "snap c", "line id",
    "telegram", "venmo", "discord", "threads", "pinterest", ".me/", "cash.app", ".com/", "インスタ", "ツイッター",
)  # fmt: skip

# As in personal.py, what is masked is `hit`, and a long run of characters is read once.
_IBAN = re.compile(
    r"(?<![a-z\d])(?P<hit>[a-z]{2}\d\d(?:[ -]?[a-z\d]{4}){2,7}+(?:[ -]?[a-z\d]{1,3})?+)(?![a-z\d])",
    re.IGNORECASE | re.ASCII,
)
_IBAN_GROUP = re.compile(r"[ -]|$")
_WALLET = re.compile(
    r"(?<![a-zA-Z\d])(?P<hit>[13][1-9A-HJ-NP-Za-km-z]{25,34}+|[Bb][Cc]1[a-zA-Z\d]{11,71}+)(?![a-zA-Z\d])", re.ASCII
)
_PROFILE = re.compile(
    r"(?<![\w.@/-])(?P<hit>(?:https?://)?(?:www\.|m\.|mobile\.)?(?:"
    r"(?:instagram|facebook|fb|tiktok|twitter|x|vk|pinterest|threads|venmo|twitch)\.(?:com|net|tv)/"
    r"|(?:snapchat\.com/add|linkedin\.com/in|youtube\.com/(?:c|user))/|youtube\.com/(?=@)"
    r"|(?:t|wa|paypal|m|cash)\.(?:me|app)/)"
    # These lead to something that was posted, or to everything.
    r"(?!(?:p|reels?|explore|stories|groups|events|watch|marketplace|sharer?|hashtag|search|i|intent|pin|tag)(?:[/?]|\b))"
    r"[@$]?\w(?:[.-]?\w){1,60}+(?:/[\w-]*)*+(?:\?(?:[\w%=&-]|\.\w)*)?+)",
    re.IGNORECASE | re.ASCII,
)
_NETWORK = (
    r"(?:(?<![^\W_])(?:instagram\w{0,4}|insta|ig|tik\s?tok\w{0,4}|twitter|facebook|fb|telegram|venmo|snapchat|discord|twitch"
    r"|threads|pinterest)(?![^\W_])|インスタ(?:グラム)?|ツイッター)"
)
_HANDLE = re.compile(r"(?<![\w.@/＠])(?P<hit>[@＠][a-z_](?:\.?\w){2,39}+)", re.IGNORECASE | re.ASCII)
_BESIDE_A_HANDLE = re.compile(
    rf"{_NETWORK}|\b(?:follow|dm|handle|account|konto|compte|cuenta|conta|profile?|perfil|profilo)\b|アカウント",
    re.IGNORECASE,
)
_NEAR = 40
# A name that no word is: "Instagram is great" names nobody.
_NICK = r"(?P<hit>(?=[a-z.]*[_\d])[a-z](?:\.?[a-z\d_]){3,39}+)(?![a-z\d])"
_NICK_BEHIND = re.compile(
    rf"(?:{_NETWORK}|\b(?:snap|line)(?=\s?(?:id(?![a-z])|:|c'est\b)))"
    r"(?:[\s:=,-]|\b(?:id|name|user(?:name)?|handle|account|is|ist|es|est|c'est|è|é|to|bin|ich|ben|ik|sono|sou|soy|jestem"
    r"|me|at|as|als|unter|onder|como|come|comme|jako|sous)\b|は|：|ID(?=は|：)){1,12}+"
    rf"(?<![a-z\d]){_NICK}",
    re.IGNORECASE,
)
_NICK_BEFORE = re.compile(
    rf"\b(?:i['’]?m|i am|ich bin|je suis|soy|sono|ik ben|jestem|sou)\s{_NICK}"
    rf"\s(?:on|auf|en|sur|su|op|na|no)\s{_NETWORK}",
    re.IGNORECASE,
)


def accounts(text: str) -> Iterator[Span]:
    """Find bank accounts and wallets by their check digits, and names on networks by what stands beside them."""
    yield from _bank_accounts(text)
    yield from (match.span("hit") for match in _WALLET.finditer(text) if bitcoin.is_valid(match["hit"]))
    yield from (
        match.span("hit") for pattern in (_PROFILE, _NICK_BEHIND, _NICK_BEFORE) for match in pattern.finditer(text)
    )
    for match in _HANDLE.finditer(text):
        start, end = match.span("hit")
        if "_" in match["hit"] or _BESIDE_A_HANDLE.search(text[max(0, start - _NEAR) : end + _NEAR]):
            yield start, end


def maybe_account(text: str) -> bool:
    """Say quickly whether a closer look is worth it."""
    if not _SIGN.search(text):
        return False
    folded = text.casefold()
    return (
        "@" in text or "＠" in text or any(stem in folded for stem in _STEMS) or _MAYBE_NUMBER.search(text) is not None
    )


def _bank_accounts(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        start = match.start("hit")
        # The words behind a number may be as long as its groups.
        ends = [start + gap.start() for gap in _IBAN_GROUP.finditer(match["hit"])]
        yield from [(start, end) for end in reversed(ends) if iban.is_valid(text[start:end])][:1]
