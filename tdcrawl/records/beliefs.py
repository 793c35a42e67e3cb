"""What keeps a text from being believed, whatever type of record it is in; raised under the reason's own name."""

from pydantic_core import PydanticCustomError

from tdcrawl import text
from tdcrawl.outcomes import ValidateReason

MIN_WORDS = 10


def substantial(value: str) -> str:
    """Refuse a text of less than ten words (too_short)."""
    words = text.count_words(value)
    if words < MIN_WORDS:
        raise PydanticCustomError(
            ValidateReason.TOO_SHORT.value,
            "{words} words, at least {least} are needed",
            {"words": words, "least": MIN_WORDS},
        )
    return value


def undamaged(value: str) -> str:
    """Refuse a text in which decoding has lost characters (bad_encoding)."""
    if "\N{REPLACEMENT CHARACTER}" in value:
        raise PydanticCustomError(ValidateReason.BAD_ENCODING.value, "characters were lost in decoding (U+FFFD)")
    return value
