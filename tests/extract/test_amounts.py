"""Pay and lengths of time, as people and machines write them."""

import pytest

from tdcrawl.extract.amounts import Pay, a_year, read_currency, read_months, read_pay, read_period, read_years
from tdcrawl.extract.doubts import Doubt


@pytest.mark.parametrize(
    ("text", "pay"),
    [
        ("120000", Pay(120_000, 120_000, None)),
        ("120,000", Pay(120_000, 120_000, None)),
        ("120.000 €", Pay(120_000, 120_000, "EUR")),
        ("$120k", Pay(120_000, 120_000, "$")),
        ("120-150k", Pay(120_000, 150_000, None)),
        ("£30,000 - £40,000 a year", Pay(30_000, 40_000, "GBP")),
        ("£13.40 per hour", Pay(13.4, 13.4, "GBP")),
        ("45.000 bis 55.000 EUR", Pay(45_000, 55_000, "EUR")),
        ("USD 95,000–110,000", Pay(95_000, 110_000, "USD")),
    ],
)
def test_pay_is_read(text: str, pay: Pay) -> None:
    assert read_pay(text) == pay


@pytest.mark.parametrize("text", ["", "competitive", "£1 - £2 - £3", "9" * 201])
def test_pay_when_it_is_none(text: str) -> None:
    with pytest.raises(Doubt, match="no amount") as doubt:
        read_pay(text)
    assert doubt.value.reason == "wrong_type"


@pytest.mark.parametrize(
    ("text", "period", "of_ten"),
    [
        ("YEAR", "year", 10), ("per annum", "year", 10), ("p.a.", "year", 10), ("ANN", "year", 10),
        ("MONTH", "month", 120),
        ("weekly", "week", 520), ("a day", "day", 2600), ("HOUR", "hour", 20_800), ("HUR", "hour", 20_800),
    ],
)  # fmt: skip
def test_period_is_named_and_brought_to_a_year(text: str, period: str, of_ten: float) -> None:
    assert read_period(text) == period
    assert a_year(10, period) == of_ten


def test_period_when_it_is_none() -> None:
    with pytest.raises(Doubt, match="'sprint' is no period"):
        read_period("sprint")


@pytest.mark.parametrize(
    ("text", "years"), [("3", 3), ("3+ years", 3), ("2-4 years", 2), ("1,5 Jahre", 1.5), ("18 months", 1.5)]
)
def test_years_are_read(text: str, years: float) -> None:
    assert read_years(text) == years


def test_months_are_read_as_years() -> None:
    assert read_months("30") == 2.5
    with pytest.raises(Doubt, match="'some' is no length of time"):
        read_years("some")


@pytest.mark.parametrize(("text", "code"), [("€", "EUR"), ("gbp", "GBP"), ("$", "$")])
def test_currency_is_a_code_where_its_sign_is_clear(text: str, code: str) -> None:
    assert read_currency(text) == code
