"""Many rows at once: they stand in the database as SQLAlchemy's own way writes them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError

from tdcrawl.outcomes import Bucket
from tdcrawl.store.engine import Connection, Engine, open_engine, writing
from tdcrawl.store.inserting import insert_all
from tdcrawl.store.tables import dedup_bands, outcomes, over_quota

_AT = datetime(2026, 2, 3, 23, 59, 58, 700_001, timezone(timedelta(hours=-5)))
_SHARED = {"record_type": "review", "site": "shop", "run_id": "run", "page_id": "page"}
_SURPLUS: dict[str, Any] = _SHARED | {
    "group_key": "日本'; --", "requested_url": "https://shop.example/%41?%(b)s:c", "canonical_url": "", "stratum": "s",
    "content_hash": "h", "data": {"text": "naïve \U0001f642 %s", "rating": 0.1, "none": None, "more": [1, True]},
    "flags": ["masked_email"], "scraped_at": _AT, "label": None, "label_source": None, "label_confidence": 0.1 + 0.2,
}  # fmt: skip


def _stored(connection: Connection, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")).mappings()]  # noqa: S608 - ours


@pytest.fixture
def engine(database_url: str) -> Any:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def test_rows_stand_there_to_the_byte(engine: Engine) -> None:
    rows = [_SURPLUS | {"item_id": "one"}, _SURPLUS | {"item_id": "two", "label": "positive", "flags": []}]
    with writing(engine) as connection:
        connection.execute(insert(over_quota), rows)
        theirs = _stored(connection, "over_quota")
        connection.execute(delete(over_quota))
        insert_all(connection, over_quota, rows)
        assert _stored(connection, "over_quota") == theirs
        assert connection.scalars(select(over_quota.c.scraped_at)).all() == [_AT.astimezone(UTC)] * 2


def test_columns_that_are_not_named_get_what_the_table_says(engine: Engine) -> None:
    row = {**_SHARED, "item_id": "one", "bucket": Bucket.PENDING, "at": _AT}
    entry = {"record_id": "one", "record_type": "review", "writer": "w", "entry": bytes(range(256))}
    with writing(engine) as connection:
        insert_all(connection, outcomes, [row])
        insert_all(connection, dedup_bands, [entry, entry | {"record_id": "two"}])
        (outcome,) = connection.execute(select(outcomes)).mappings()
        assert (outcome["bucket"], outcome["reopened"], outcome["stage"]) == ("pending", 0, None)
        assert connection.execute(select(dedup_bands.c.seq, dedup_bands.c.entry)).all() == [
            (1, bytes(range(256))),
            (2, bytes(range(256))),
        ]


def test_a_value_that_does_not_fit_is_not_cut(postgresql_database: str) -> None:
    engine = open_engine(postgresql_database)
    row = {**_SHARED, "item_id": 33 * "x", "bucket": Bucket.PENDING, "at": _AT}
    with pytest.raises(DataError), writing(engine) as connection:
        insert_all(connection, outcomes, [row])
    engine.dispose()


def test_a_time_without_zone_is_refused(engine: Engine) -> None:
    row = {**_SHARED, "item_id": "one", "bucket": Bucket.PENDING, "at": _AT.replace(tzinfo=None)}
    with pytest.raises(ValueError, match="has no time zone"), writing(engine) as connection:
        insert_all(connection, outcomes, [row])


def test_nothing_is_inserted_where_there_is_nothing(engine: Engine) -> None:
    with writing(engine) as connection:
        insert_all(connection, outcomes, [])
        assert _stored(connection, "outcomes") == []


def test_an_error_does_not_quote_the_rows(engine: Engine) -> None:
    row = {**_SHARED, "item_id": "a secret", "bucket": Bucket.PENDING, "at": _AT}
    with pytest.raises(IntegrityError) as caught, writing(engine) as connection:
        insert_all(connection, outcomes, [row, row | {"site": None}])
    assert "hidden due to hide_parameters" in str(caught.value)
