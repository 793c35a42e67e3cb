"""How the database finds what is written about: by its ids, however many others there are."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from tdcrawl.outcomes import Bucket
from tdcrawl.records.review import REVIEW
from tdcrawl.store import frontier, page_writes, placement, record_check, redirects, refusing, settling
from tdcrawl.store.engine import open_engine, writing
from tdcrawl.store.inserting import insert_all
from tdcrawl.store.label_tables import labels
from tdcrawl.store.rows import PageRequest, decision_row, outcome_row, page_row, record_row, settled_row, with_label
from tdcrawl.store.tables import outcomes, pages, records, runs
from tdcrawl.store.updating import update_all
from tests.builders import NOON, a_run, an_item

OTHERS = 5_000
# Whatever a statement names beside its ids.
GIVEN = {"me": "worker", "now": NOON}
READ_ONE_BY_ONE = text("SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables WHERE relname IN ('pages', 'outcomes')")
PAGES = [PageRequest(f"{number:032x}", "https://shop.example/", "https://shop.example/") for number in range(OTHERS)]
ITEMS = [an_item(page.page_id, page.page_id) for page in PAGES]


def fill(connection: Connection) -> None:
    """Write down a run of pages, each with an item, none of which is settled; the database has no statistics of it."""
    run = {**asdict(a_run()), "finished_at": None, "finish_reason": None, "stats": None}
    connection.execute(insert(runs).values(run))
    insert_all(connection, pages, [page_row(page, a_run(), NOON, 0) for page in PAGES])
    insert_all(connection, outcomes, [outcome_row(item, a_run(), NOON) for item in ITEMS])


@pytest.fixture(
    params=[
        settling._PENDING, refusing._OPEN, refusing._FINAL, page_writes._KNOWN, placement._SETTLE_AS_RECORDS,
        page_writes._OPEN_PAGES, redirects.KNOWN_PAGES, frontier._LEASE,
    ],
)  # fmt: skip
def asked(request: pytest.FixtureRequest) -> Any:
    """Give each statement that is given ids."""
    return request.param


def test_sqlite_looks_up_nothing_but_the_ids_when_many_are_given(asked: Any, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db")
    plans: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        plans.extend(step for *_, step in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    with writing(engine) as connection:
        connection.execute(asked, GIVEN | {"ids": [item.item_id for item in ITEMS[:500]]})
    engine.dispose()
    assert plans[0].endswith(("(item_id=?)", "(page_id=?)"))


def test_postgresql_looks_up_nothing_but_the_ids_when_a_statement_is_older_than_most_rows(
    asked: Any, postgresql_database: str
) -> None:
    engine = open_engine(postgresql_database)
    ids = [*(page.page_id for page in PAGES[:4]), *(item.item_id for item in ITEMS[:4])]
    with writing(engine) as connection:
        # Often enough for it to be prepared, and for a plan to be made that would be kept.
        for _ in range(20):
            connection.execute(asked, GIVEN | {"ids": ids})
        fill(connection)
        before = connection.scalar(READ_ONE_BY_ONE)
        connection.execute(asked, GIVEN | {"ids": ids})
        assert connection.scalar(READ_ONE_BY_ONE) == before
    engine.dispose()


def test_postgresql_changes_a_few_rows_without_reading_all_when_it_is_given_them_at_once(
    postgresql_database: str,
) -> None:
    engine = open_engine(postgresql_database)
    settled = [settled_row(item.item_id, Bucket.FAILED, "clean_text", None) for item in ITEMS[:4]]
    with writing(engine) as connection:
        fill(connection)
        before = connection.scalar(READ_ONE_BY_ONE)
        update_all(connection, placement.SETTLE, settled)
        assert connection.scalar(READ_ONE_BY_ONE) == before
    engine.dispose()


def test_postgresql_does_not_compare_each_record_with_each_label_when_it_has_no_statistics(
    postgresql_database: str,
) -> None:
    engine = open_engine(postgresql_database)
    rows = [with_label(record_row(item, REVIEW, a_run()), item.named()) for item in ITEMS]
    streamed = record_check._RECORDS.compile(engine, compile_kwargs={"literal_binds": True})
    with writing(engine) as connection:
        insert_all(connection, records, [row | {"cluster_id": row["record_id"]} for row in rows])
        insert_all(connection, labels, [decision_row(item.item_id, item.named(), NOON) for item in ITEMS])
        plan = connection.exec_driver_sql(f"EXPLAIN DECLARE streamed CURSOR FOR {streamed}").scalars().all()
    engine.dispose()
    assert [step for step in plan if "Nested Loop" in step] == []
