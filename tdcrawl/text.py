"""Pure text: cleaning, normalisation, words, tokens, content hash."""

import hashlib
import unicodedata
from functools import lru_cache

import regex

# Scripts written without spaces, and how many of their characters make a word on average
# (Chinese and Japanese about two, the South-East Asian scripts about four): docs/record-types.md.
_UNSPACED = {2: r"\p{Han}\p{Hiragana}\p{Katakana}", 4: r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"}
_UNSPACED_RUN = {size: regex.compile(f"[{scripts}ー]+") for size, scripts in _UNSPACED.items()}
_WORD = regex.compile(r"\w+")
_FORMAT_CHARACTERS = regex.compile(r"\p{Cf}+")
# What no sink can hold: PostgreSQL refuses NUL and lone surrogates, and other control characters are noise.
_UNSTORABLE = regex.compile(r"[^\P{Cc}\t\n\r]|\p{Cs}")
_SHINGLE = 3
TOKENS_VERSION = 1
"""Which rules `normalise` and `tokens` follow; signatures made by other rules cannot be compared."""
# What shops put before or after a review that was bought or passed on: "[This review was collected as …]".
_NOTICE = regex.compile(r"[\[【](?:[^\[\]【】]{12,300})[\]】]")
# Most texts are ASCII, and one table then does what case folding and the search for words would.
_ASCII_WORDS = bytes(ord(chr(code).lower()) if chr(code).isalnum() or chr(code) == "_" else 32 for code in range(256))


def clean(text: str) -> str:
    """Remove what no sink can hold (NUL, control characters, lone surrogates), and the space around a text."""
    return storable(text).strip()


def storable(text: str) -> str:
    """Remove what no sink can hold."""
    return text if text.isascii() and text.isprintable() else _UNSTORABLE.sub("", text)


def is_damaged(text: str) -> bool:
    """Say whether a text holds what no sink can, and `clean` takes away."""
    return not (text.isascii() and text.isprintable()) and bool(_UNSTORABLE.search(text))


def count_words(text: str) -> int:
    """Count words: by white space, and by the number of characters in scripts that use none."""
    if text.isascii():
        return len(text.split())
    unspaced = 0
    for size, run in _UNSPACED_RUN.items():
        unspaced += sum(-(-len(match) // size) for match in run.findall(text))
        text = run.sub(" ", text)
    return unspaced + sum(1 for part in text.split() if unspaced == 0 or _WORD.search(part))


def has_words(text: str, least: int) -> bool:
    """Say whether `count_words` gives so many; of a long text only the first are looked at."""
    return len(text.split(None, least)) >= least if text.isascii() else count_words(text) >= least


def normalise(text: str) -> str:
    """Reduce a text to what makes it the same text: NFKC, casefolded words, no format characters.

    A text without any word (only emoji, say) stands for itself, so that two different ones do not become equal.
    """
    if text.isascii():
        words = text.encode().translate(_ASCII_WORDS)
        # Sooner done than parting all words and joining them again.
        while b"  " in words:
            words = words.replace(b"  ", b" ")
        return words.strip().decode() or " ".join(text.lower().split())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = _FORMAT_CHARACTERS.sub("", folded)
    return " ".join(_WORD.findall(folded)) or " ".join(folded.split())


def without_notices(text: str) -> str:
    """Take away the shop's notices in square brackets that stand before or after a text, unless nothing else is there.

    They say how a text came about, not what it says: a copy with one is a copy, and two texts that share nothing but
    one are not alike.
    """
    if "[" not in text and "【" not in text:
        return text
    rest = text.strip()
    while found := _NOTICE.match(rest):
        rest = rest[found.end() :].lstrip()
    while rest.endswith(("]", "】")) and (found := _NOTICE.fullmatch(rest, _last_opening(rest))):
        rest = rest[: found.start()].rstrip()
    return rest if _WORD.search(rest) else text


def _last_opening(text: str) -> int:
    return max(text.rfind("["), text.rfind("【"), 0)


def token_text(normalised: str) -> str:
    """Write the tokens of a normalised text with spaces between: words, or shingles where no spaces part them."""
    if normalised.isascii():
        return normalised
    return " ".join(token for word in normalised.split() for token in _word_tokens(word))


def tokens(normalised: str) -> frozenset[str]:
    """Split a normalised text into its set of tokens."""
    return frozenset(token_text(normalised).split(" "))


@lru_cache(maxsize=65536)
def _word_tokens(word: str) -> tuple[str, ...]:
    if not any(run.search(word) for run in _UNSPACED_RUN.values()) or len(word) <= _SHINGLE:
        return (word,)
    return tuple(word[start : start + _SHINGLE] for start in range(len(word) - _SHINGLE + 1))


def content_hash(normalised: str) -> str:
    """Hash a normalised text: SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(normalised.encode()).hexdigest()


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Compute the Jaccard similarity of two sets of tokens, 0-1."""
    shared = len(one & other)
    union = len(one) + len(other) - shared
    return shared / union if union else 1.0
