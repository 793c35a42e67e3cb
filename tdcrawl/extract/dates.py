"""Read the dates that people and machines write."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from tdcrawl.extract.doubts import Doubt
from tdcrawl.outcomes import ValidateReason

_LONGEST = 100
# Clocks and time zones differ: a review may be written tomorrow, but not later.
_AHEAD = timedelta(days=1)
_SETTINGS = {"RETURN_AS_TIMEZONE_AWARE": True, "TIMEZONE": "UTC", "PREFER_DAY_OF_MONTH": "first"}
_ALIASES = {"no": "nb"}
# Day and month, or month and day.
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(?:\d{4}|\d{2})(?!\d)")
_MONTHS = 12
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")


def read_date(text: str, locale: str, now: datetime) -> datetime:
    """Read a date into UTC: ISO 8601, else as the locale writes it, else relative to `now`; raises Doubt (bad_date).

    It may end a sentence: `Reviewed in Norway on October 18, 2018`, `Written 3 days ago`.
    A date without a time zone is taken as UTC. A date without its day is the first of its month where the year has four
    digits; one without month or year is none, because whatever filled the gap would be invented.
    """
    date = (_iso(text) or _found(text, locale, now)) if len(text) <= _LONGEST else None
    if date is None:
        raise Doubt(ValidateReason.BAD_DATE, f"{text[:_LONGEST]!r} is no date as {locale} writes them")
    if date > now + _AHEAD:
        raise Doubt(ValidateReason.BAD_DATE, f"{text[:_LONGEST]!r} lies in the future")
    return date


def is_ambiguous(text: str, locale: str) -> bool:
    """Say whether a date may be two: 03/04/2024 in English of nobody knows where, which writes it either way round."""
    found = _NUMBERS.search(text) if locale == "en" else None
    return found is not None and found[1] != found[3] and max(int(found[1]), int(found[3])) <= _MONTHS


# Many reviews are of one day.
@lru_cache(maxsize=8192)
def _iso(text: str) -> datetime | None:
    try:
        date = datetime.fromisoformat(text.strip())
        return date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _found(text: str, locale: str, now: datetime) -> datetime | None:
    tried = (_written(each, locale) or _relative(each, locale, now) for each in (text, *_endings(text)))
    return next(filter(None, tried), None)


def _endings(text: str) -> list[str]:
    """Give what may be the date at the end of a sentence: from its first number on, or from the word before, a month.

    So no number is left out: a day of which nothing is made would make another date.
    """
    words = text.split()
    first = next((place for place, word in enumerate(words) if any(map(str.isdigit, word))), 0)
    return [" ".join(words[start:]) for start in (first - 1, first) if start > 0]


@lru_cache(maxsize=8192)
def _written(text: str, locale: str) -> datetime | None:
    parts = ["month", "year"] if _YEAR.search(text) else ["day", "month", "year"]
    return _parse(text, locale, {"PARSERS": ["timestamp", "absolute-time"], "REQUIRE_PARTS": parts})


@lru_cache(maxsize=1024)
def _relative(text: str, locale: str, now: datetime) -> datetime | None:
    return _parse(text, locale, {"PARSERS": ["relative-time"], "RELATIVE_BASE": now.replace(tzinfo=None)})


def _parse(text: str, locale: str, settings: dict[str, Any]) -> datetime | None:
    # A tenth of a second to import, and most pages write ISO dates.
    import dateparser  # noqa: PLC0415

    known = _known_locale(locale)
    try:
        date = dateparser.parse(text, locales=[known], settings={**_SETTINGS, **settings}) if known else None
        return date.astimezone(UTC) if date else None
    except (ValueError, OverflowError):
        return None


@lru_cache
def _known_locale(locale: str) -> str | None:
    """Give dateparser's name of a locale, or of its language; none where it knows neither: then only ISO is read."""
    from dateparser.data.languages_info import language_locale_dict  # noqa: PLC0415

    tag = locale.replace("_", "-")
    language = tag.split("-")[0]
    language = _ALIASES.get(language, language)
    if language not in language_locale_dict:
        return None
    return tag if tag in language_locale_dict[language] else language
