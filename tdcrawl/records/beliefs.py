"""What types of records have in common: what keeps a text from being believed, and which of two copies is better."""

from datetime import datetime

from pydantic_core import PydanticCustomError

from tdcrawl import text
from tdcrawl.outcomes import ValidateReason

MIN_WORDS = 10


def substantial(value: str) -> str:
    """Refuse a text of less than ten words (too_short)."""
    if not text.has_words(value, MIN_WORDS):
        raise PydanticCustomError(
            ValidateReason.TOO_SHORT.value,
            "{words} words, at least {least} are needed",
            {"words": text.count_words(value), "least": MIN_WORDS},
        )
    return value


def undamaged(value: str) -> str:
    """Refuse a text in which decoding has lost characters (bad_encoding)."""
    if "\N{REPLACEMENT CHARACTER}" in value:
        raise PydanticCustomError(ValidateReason.BAD_ENCODING.value, "characters were lost in decoding (U+FFFD)")
    return value


Preference = tuple[bool, int, bool, str, bool]
"""How good a copy is: less is better."""


def preference(normalised: str, at: datetime | str | None, *, tells_most: bool, named: bool) -> Preference:
    """Prefer, of two copies, the one that `tells_most`, then a longer, a dated, an earlier one, then who is `named`.

    A page that lost the class of its authors shows each review once more, as that of nobody: it must not win.
    """
    # Out of the database it comes as the text of a time.
    when = str(at or "").replace(" ", "T").replace("Z", "+00:00")
    return not tells_most, -len(normalised), not when, when, not named
