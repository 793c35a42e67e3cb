"""Read pay, and how long somebody should have worked: `£30,000 - £40,000 a year`, `120-150k`, `3+ years`."""

import re
from dataclasses import dataclass

from price_parser import Price

from tdcrawl.extract.doubts import Doubt
from tdcrawl.outcomes import ValidateReason

_LONGEST = 200
_TO = re.compile(r"\s+(?:to|bis|à|-)\s+|\s*[–—]\s*|(?<=[\dkK])-(?=\D{0,3}\d)")
_THOUSANDS = re.compile(r"\d\s?k\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_MONTHS = re.compile(r"\bmonths?\b|\bmonate?\b", re.IGNORECASE)
_CODES = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "zł": "PLN"}
# How often it is paid in a year of full-time work. The short names are those of UN/CEFACT, which schema.org takes.
_PERIODS = {
    "year": (re.compile(r"\b(?:years?|yearly|yr|ann|annum|annual(?:ly)?|p\.?a|jahr)\b", re.IGNORECASE), 1),
    "month": (re.compile(r"\b(?:months?|monthly|mon|monat)\b", re.IGNORECASE), 12),
    "week": (re.compile(r"\b(?:weeks?|weekly|wee|woche)\b", re.IGNORECASE), 52),
    "day": (re.compile(r"\b(?:days?|daily|tag)\b", re.IGNORECASE), 260),
    "hour": (re.compile(r"\b(?:hours?|hourly|hr|hur|stunde)\b", re.IGNORECASE), 2080),
}


@dataclass(frozen=True, slots=True)
class Pay:
    """Hold the least and the most that is paid each period, in a currency that may not be told."""

    least: float
    most: float
    currency: str | None


def read_pay(text: str) -> Pay:
    """Read one amount, or a range of two; raises Doubt (wrong_type) where there is none, or more."""
    parts = _TO.split(text) if len(text) <= _LONGEST else []
    prices = [Price.fromstring(part) for part in parts]
    amounts = [float(price.amount) for price in prices if price.amount is not None]
    if len(parts) not in {1, 2} or len(amounts) != len(parts):
        raise Doubt(ValidateReason.WRONG_TYPE, f"{text[:_LONGEST]!r} is no amount, and no range of two")
    if _THOUSANDS.search(parts[-1]):
        # 120-150k
        amounts = [amount * 1000 if amount < 1000 else amount for amount in amounts]
    told = next((price.currency for price in prices if price.currency), None)
    return Pay(amounts[0], amounts[-1], read_currency(told) if told else None)


def read_currency(text: str) -> str:
    """Give the code of ISO 4217 where a sign stands for one currency; other signs and codes as they are."""
    return _CODES.get(text, text.upper() if text.isalpha() else text)


def read_period(text: str) -> str:
    """Name the period something is paid for: year, month, week, day, hour; raises Doubt (wrong_type)."""
    told = told_period(text)
    if told is None:
        raise Doubt(ValidateReason.WRONG_TYPE, f"{text[:_LONGEST]!r} is no period: year, month, week, day or hour")
    return told


def told_period(text: str) -> str | None:
    """Find the period that a text names, if it names one; what is longer than an amount names none."""
    if len(text) > _LONGEST:
        return None
    return next((name for name, (pattern, _) in _PERIODS.items() if pattern.search(text)), None)


def a_year(amount: float, period: str) -> float:
    """Bring what is paid each period to a year of full-time work."""
    return round(amount * _PERIODS[period][1], 2)


def read_years(text: str) -> float:
    """Read a length of time in years, of a range the least; a bare number is years; raises Doubt (wrong_type)."""
    number = _number(text)
    return round(number / 12, 2) if _MONTHS.search(text) else number


def read_months(text: str) -> float:
    """Read a number of months as years; raises Doubt (wrong_type)."""
    return round(_number(text) / 12, 2)


def _number(text: str) -> float:
    number = _NUMBER.search(text) if len(text) <= _LONGEST else None
    if number is None:
        raise Doubt(ValidateReason.WRONG_TYPE, f"{text[:_LONGEST]!r} is no length of time")
    return float(number[0].replace(",", "."))
