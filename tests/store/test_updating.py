"""Many rows changed at once: each stands in the database as a statement of its own would leave it."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, Update, event, select
from sqlalchemy.exc import DataError

from tdcrawl.outcomes import Bucket, PageState
from tdcrawl.store import page_writes, placement
from tdcrawl.store.archive import Place
from tdcrawl.store.engine import Engine, open_engine, writing
from tdcrawl.store.inserting import insert_all
from tdcrawl.store.rows import PageRequest, Row, outcome_row, page_row
from tdcrawl.store.tables import outcomes, pages
from tdcrawl.store.updating import update_all
from tests.builders import NOON, a_run, an_item

_AT = datetime(2026, 2, 3, 23, 59, 58, 700_001, timezone(timedelta(hours=-5)))
_WHY = "naïve \U0001f642 %s %(b)s ? :c '; --"
_COUNTED: list[Row] = [
    {"page": "one", "new": 3, "again": 0, "file": "a.warc.gz", "offset": 2**40},
    {"page": "two", "new": 1, "again": 2, "file": None, "offset": None},
    {"page": "unknown", "new": 9, "again": 9, "file": None, "offset": None},
]
_CLOSED: list[Row] = [
    {"page": "one", "end": PageState.DONE, "why": None, "more": None, "now": _AT, "permission": None},
    {"page": "two", "end": PageState.FAILED, "why": "http_status", "more": _WHY, "now": _AT, "permission": "p" * 32},
]
_SETTLED: list[Row] = [
    {
        "item": an_item().item_id,
        "place": Bucket.FAILED,
        "at_stage": "clean_text",
        "why": "too_short",
        "more": _WHY,
        "now": _AT,
    },
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    with writing(engine) as connection:
        known = [
            PageRequest(name, "https://shop.example/", "https://shop.example/") for name in ("one", "two", "three")
        ]
        insert_all(connection, pages, [page_row(page, a_run(), NOON, 0) for page in known])
        insert_all(connection, outcomes, [outcome_row(item, a_run(), NOON) for item in (an_item(), an_item("other"))])
    yield engine
    engine.dispose()


def _stored(connection: Connection) -> list[Row]:
    return [dict(row) for table in (pages, outcomes) for row in connection.execute(select(table)).mappings()]


@pytest.mark.parametrize(
    ("statement", "rows"),
    [(page_writes._COUNT_ITEMS, _COUNTED), (page_writes._CLOSE, _CLOSED), (placement.SETTLE, _SETTLED)],
)
def test_rows_stand_there_as_a_statement_for_each_leaves_them(
    engine: Engine, statement: Update, rows: list[Row]
) -> None:
    with writing(engine) as connection:
        before = _stored(connection)
        one_by_one = connection.begin_nested()
        connection.execute(statement, rows)
        theirs = _stored(connection)
        one_by_one.rollback()
        assert _stored(connection) == before
        update_all(connection, statement, rows)
        assert sorted(_stored(connection), key=str) == sorted(theirs, key=str) != sorted(before, key=str)


def test_postgresql_is_given_one_statement(postgresql_database: str) -> None:
    engine = open_engine(postgresql_database)
    given: list[tuple[Any, bool]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, _statement: str, parameters: Any, _context: Any, is_many: bool) -> None:
        given.append((parameters, is_many))

    with writing(engine) as connection:
        given.clear()
        update_all(connection, page_writes._COUNT_ITEMS, _COUNTED)
        update_all(connection, page_writes._COUNT_ITEMS, [])
    engine.dispose()
    assert [(parameters.keys(), is_many) for parameters, is_many in given] == [({"rows", "number"}, False)]


def test_a_value_that_does_not_fit_is_not_cut(postgresql_database: str) -> None:
    engine = open_engine(postgresql_database)
    with pytest.raises(DataError), writing(engine) as connection:
        update_all(connection, page_writes._CLOSE, [_CLOSED[0] | {"why": "x" * 64}])
    engine.dispose()


def test_page_that_yields_twice_in_a_transaction_is_counted_twice(engine: Engine) -> None:
    parts = [
        page_writes.Yield(a_run(), "one", [an_item("first", "one")], 2),
        page_writes.Yield(
            a_run(), "one", [an_item("second", "one"), an_item("third", "one")], 0, Place("a.warc.gz", 7)
        ),
        page_writes.Yield(a_run(), "one", [an_item("first", "one")], 0),
    ]
    with writing(engine) as connection:
        page_writes.take(connection, parts)
        (page,) = connection.execute(select(pages).where(pages.c.page_id == "one")).mappings()
    assert (page["items_yielded"], page["archive_file"], page["archive_offset"]) == (3, "a.warc.gz", 7)
    # The item that came twice is known to be on its way, and asked for again.
    assert page["items_seen_again"] == 2
