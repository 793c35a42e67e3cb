"""From scraped strings to typed values: one reader for each kind of field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from babel import Locale

from tdcrawl import text
from tdcrawl.extract.dates import read_date
from tdcrawl.extract.doubts import Doubt
from tdcrawl.extract.scales import read_number, read_scaled
from tdcrawl.outcomes import FieldError, ValidateReason, failed
from tdcrawl.records.base import Field, Kind, Raw, RecordType

_QUOTED = 200
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:[-_](?P<script>[a-z]{4}))?(?:[-_](?P<region>[a-z]{2}|\d{3}))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ValueRules:
    """Say how a site writes dates (`locale`) and which rating is its best where pages do not; and when it was read."""

    locale: str
    rating_scale: float | None
    fetched_at: datetime


def read_values(record_type: RecordType, raw: Raw, rules: ValueRules) -> dict[str, Any]:
    """Read scraped strings into keyword arguments for the type's model: str, float, aware UTC datetime.

    Raises Rejection with one error for each field that is bad, missing or unknown. Blank optional fields are left out.
    """
    errors: list[FieldError] = []
    values: dict[str, Any] = {}
    for name, field in record_type.reading_order:
        try:
            if string := _string(record_type, raw, name):
                values |= _read_field(field, string, rules, values)
        except Doubt as doubt:
            errors.append(_error(name, doubt, raw))
    unknown = Doubt(ValidateReason.UNKNOWN_FIELD, f"a {record_type.name} has no such field")
    errors.extend(_error(name, unknown, raw) for name in raw if name not in record_type.fields)
    if errors:
        raise failed(errors)
    return {name: value for name, value in values.items() if name in record_type.model_fields}


def _string(record_type: RecordType, raw: Raw, name: str) -> str:
    string = text.clean(raw.get(name, ""))
    if not string and name in record_type.required and record_type.fields[name].kind is not Kind.RATING_BOUND:
        raise Doubt(ValidateReason.MISSING_FIELD, f"a {record_type.name} needs it")
    return string


def _error(name: str, doubt: Doubt, raw: Raw) -> FieldError:
    held = None if doubt.reason is ValidateReason.MISSING_FIELD else raw[name][:_QUOTED]
    return FieldError(name, doubt.reason, doubt.message, held)


def _read_field(field: Field, string: str, rules: ValueRules, values: Mapping[str, Any]) -> dict[str, Any]:
    match field.kind:
        case Kind.RATING:
            return _rating(field.into, string, rules, values)
        case Kind.RATING_BOUND:
            return {field.into: read_number(string)}
        case Kind.DATE:
            return {field.into: read_date(string, rules.locale, rules.fetched_at)}
        case Kind.LANGUAGE:
            return {field.into: _language(string)}
        case Kind.NAME | Kind.IDENTIFIER:
            return {field.into: " ".join(string.split())}
        case Kind.TEXT:
            return {field.into: string}


def _rating(into: str, string: str, rules: ValueRules, values: Mapping[str, Any]) -> dict[str, float]:
    """Bring a rating to the scale 1-5, and keep what the page said beside it."""
    best, worst = values.get(f"{into}_best"), values.get(f"{into}_worst")
    said = read_scaled(string, best, worst, rules.rating_scale)
    return {into: said.stars(), f"{into}_value": said.value, f"{into}_best": said.best}


@lru_cache
def _language(string: str) -> str:
    """Write a BCP 47 tag as it is usually written (en, pt-BR, zh-Hans); English names of languages are understood."""
    tag = _TAG.fullmatch(string)
    if tag:
        language, script, region = tag["language"].lower(), tag["script"], tag["region"]
        return "-".join([language, *([script.title()] if script else []), *([region.upper()] if region else [])])
    if string.casefold() in _languages():
        return _languages()[string.casefold()]
    raise Doubt(ValidateReason.WRONG_TYPE, f"{string[:_QUOTED]!r} is no language tag, e.g. en or pt-BR")


@lru_cache
def _languages() -> dict[str, str]:
    return {name.casefold(): code.replace("_", "-") for code, name in Locale("en").languages.items()}
