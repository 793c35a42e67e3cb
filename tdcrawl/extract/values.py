"""From scraped strings to typed values: one reader for each kind of field."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

from babel import Locale

from tdcrawl import text
from tdcrawl.extract.amounts import a_year, read_currency, read_months, read_pay, read_period, read_years, told_period
from tdcrawl.extract.dates import is_ambiguous, read_date
from tdcrawl.extract.doubts import Doubt
from tdcrawl.extract.scales import read_number, read_scaled
from tdcrawl.outcomes import FieldError, ValidateReason, failed
from tdcrawl.records.base import Field, Kind, Raw, RecordType
from tdcrawl.sites.profile import ReadValues

_QUOTED = 200
# Nobody works a year for less, in any currency that is worth much; so it is a month's or an hour's pay.
_LEAST_A_YEAR = 1_000
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:[-_](?P<script>[a-z]{4}))?(?:[-_](?P<region>[a-z]{2}|\d{3}))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ValueRules:
    """Say how a site writes dates (`locale`) and which rating is its best where pages do not; and when it was read.

    `asks`: whether the label is asked for where the field is missing on which the rule rests.
    """

    locale: str
    rating_scale: float | None
    fetched_at: datetime
    asks: bool = False

    @classmethod
    def of(cls, values: ReadValues, fetched_at: datetime, *, asks: bool = False) -> Self:
        """Take them from a site file, for a page that was fetched then."""
        return cls(values.locale, values.rating_scale, fetched_at, asks)


def read_values(record_type: RecordType, raw: Raw, rules: ValueRules) -> dict[str, Any]:
    """Read scraped strings into keyword arguments for the type's model: str, float, aware UTC datetime.

    Raises Rejection with one error for each field that is bad, missing or unknown. Blank optional fields are left out,
    and dates that may be two.
    """
    errors: list[FieldError] = []
    values: dict[str, Any] = {}
    needed = record_type.needed(asks=rules.asks)
    for name, field in record_type.reading_order:
        string = raw.get(name)
        try:
            if string and (string := text.clean(string)):
                values |= _read_field(field, string, rules, values)
            elif name in needed:
                errors.append(_error(name, Doubt(ValidateReason.MISSING_FIELD, f"a {record_type.name} needs it"), raw))
        except Doubt as doubt:
            errors.append(_error(name, doubt, raw))
    if not raw.keys() <= record_type.fields.keys():
        unknown = Doubt(ValidateReason.UNKNOWN_FIELD, f"a {record_type.name} has no such field")
        errors.extend(_error(name, unknown, raw) for name in raw if name not in record_type.fields)
    if errors:
        raise failed(errors)
    return {name: value for name, value in values.items() if name in record_type.model_fields}


def _error(name: str, doubt: Doubt, raw: Raw) -> FieldError:
    held = None if doubt.reason is ValidateReason.MISSING_FIELD else raw[name][:_QUOTED]
    return FieldError(name, doubt.reason, doubt.message, held)


def _read_field(field: Field, string: str, rules: ValueRules, values: Mapping[str, Any]) -> dict[str, Any]:
    if plain := _PLAIN.get(field.kind):
        return {field.into: plain(string)}
    if field.kind is Kind.RATING:
        return _rating(field.into, string, rules, values)
    if field.kind is not Kind.DATE:
        return _pay(field, string, values)
    if is_ambiguous(string, rules.locale):
        return {}
    return {field.into: read_date(string, rules.locale, rules.fetched_at)}


def _rating(into: str, string: str, rules: ValueRules, values: Mapping[str, Any]) -> dict[str, float]:
    """Bring a rating to the scale 1-5, and keep what the page said beside it."""
    best, worst = values.get(f"{into}_best"), values.get(f"{into}_worst")
    said = read_scaled(string, best, worst, rules.rating_scale)
    return {into: said.stars(), f"{into}_value": said.value, f"{into}_best": said.best}


def _pay(field: Field, string: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Bring what is paid to a year; a period or currency that the page tells apart is believed first."""
    what = field.into.rpartition("_")[0]
    pay = read_pay(string)
    period = values.get(f"{what}_period") or (told_period(string) if field.kind is Kind.PAY else None)
    if period is None and pay.most < _LEAST_A_YEAR:
        raise Doubt(ValidateReason.AMBIGUOUS_SCALE, f"{string[:_QUOTED]!r} for which period? Nothing says")
    read = {f"{what}_min": pay.least, f"{what}_max": pay.most}
    if field.is_bound:
        read = {field.into: read[field.into]}
    told = {f"{what}_period": period, f"{what}_currency": values.get(f"{what}_currency") or pay.currency}
    yearly = {name: a_year(amount, period or "year") for name, amount in read.items()}
    return yearly | {name: value for name, value in told.items() if value}


def _one_line(string: str) -> str:
    return " ".join(string.split())


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


# Kinds that are read from their own string alone.
_PLAIN: Mapping[Kind, Callable[[str], Any]] = {
    Kind.TEXT: str,
    Kind.NAME: _one_line,
    Kind.IDENTIFIER: _one_line,
    Kind.LANGUAGE: _language,
    Kind.RATING_BOUND: read_number,
    Kind.CURRENCY: read_currency,
    Kind.PERIOD: read_period,
    Kind.YEARS: read_years,
    Kind.MONTHS: read_months,
}
