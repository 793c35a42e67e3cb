"""Dates are read as their locale writes them, and gaps in them are not filled by invention."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.extract.dates import read_date
from tdcrawl.extract.doubts import Doubt
from tdcrawl.outcomes import ValidateReason

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
Y1990 = datetime(1990, 1, 1, tzinfo=UTC).replace(tzinfo=None)
ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))


@pytest.mark.parametrize(
    ("text", "locale", "date"),
    [
        ("2024-03-04", "de", datetime(2024, 3, 4, tzinfo=UTC)),
        ("2024-03-04T01:00:00+02:00", "en", datetime(2024, 3, 3, 23, tzinfo=UTC)),
        ("2024-03-04 10:20:30Z", "en", datetime(2024, 3, 4, 10, 20, 30, tzinfo=UTC)),
        ("03/04/2024", "en-US", datetime(2024, 3, 4, tzinfo=UTC)),
        ("03/14/2024", "en", datetime(2024, 3, 14, tzinfo=UTC)),
        ("03/04/2024", "en-GB", datetime(2024, 4, 3, tzinfo=UTC)),
        ("03/04/2024", "pt_BR", datetime(2024, 4, 3, tzinfo=UTC)),
        ("03.04.2024", "de", datetime(2024, 4, 3, tzinfo=UTC)),
        ("3. april 2024", "no", datetime(2024, 4, 3, tzinfo=UTC)),
        ("12 mars 2024", "fr", datetime(2024, 3, 12, tzinfo=UTC)),
        ("March 2024", "en", datetime(2024, 3, 1, tzinfo=UTC)),
        ("1704067200", "en", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2 days ago", "en", NOON - timedelta(days=2)),
        ("Reviewed in Norway on October 18, 2018", "en", datetime(2018, 10, 18, tzinfo=UTC)),
        ("Rezension aus Norwegen vom 5. Mai 2020", "de", datetime(2020, 5, 5, tzinfo=UTC)),
        ("Posted on 2020-01-02", "en", datetime(2020, 1, 2, tzinfo=UTC)),
        ("Written 2 days ago", "en", NOON - timedelta(days=2)),
        ("vor 3 Tagen", "de", NOON - timedelta(days=3)),
        ("2026-06-02T11:00:00Z", "en", NOON + timedelta(hours=23)),
    ],
)
def test_a_date_is_read_when_its_locale_writes_it_so(text: str, locale: str, date: datetime) -> None:
    assert read_date(text, locale, NOON) == date


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("someday", "en"),
        ("12 March", "en"),
        ("Verified buyer since 2019", "en"),
        ("from 3 May 2020 to 5 June 2021", "en"),
        ("the 31st of a lovely October 2018", "en"),
        ("May", "en"),
        ("2024", "en"),
        ("5", "en"),
        ("2 days ago", "de"),
        ("03/04/2024", "tlh"),
        ("0001-01-01T00:00:00+14:00", "en"),
        ("2199-05-01", "en"),
        ("2026-06-02T13:00:00Z", "en"),
        ("in 3 days", "en"),
        ("2 days ago " * 50, "en"),
    ],
)
def test_a_date_is_refused_when_it_is_none_or_lies_ahead(text: str, locale: str) -> None:
    with pytest.raises(Doubt) as doubt:
        read_date(text, locale, NOON)
    assert doubt.value.reason is ValidateReason.BAD_DATE


@given(st.datetimes(max_value=NOON.replace(tzinfo=None) - timedelta(days=1), min_value=Y1990, timezones=ZONES))
def test_the_same_moment_is_read_when_it_is_written_as_iso(moment: datetime) -> None:
    read = read_date(moment.isoformat(), "en", NOON)
    assert (read, read.tzinfo) == (moment, UTC)
