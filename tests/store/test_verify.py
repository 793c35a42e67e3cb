"""The ledger check: it finds each way in which a database can be made to lie."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, event, select, text, update

from tdcrawl.outcomes import Bucket, DedupReason, PageState, Rejection
from tdcrawl.store.engine import open_engine, writing
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.tables import records
from tdcrawl.store.verify import check_ledger
from tests.builders import a_run, an_item, terms

RELABELLED = (
    "UPDATE records SET label = 'negative'; INSERT INTO labels (record_id, kind, label, source, version, at)"
    " SELECT record_id, kind, 'negative', '{source}', version, at FROM labels"
)
OTHERWISE = "1 records were given another label by the rule than it gives to what they say now"


def after_the_next_query(engine: Engine, done: Callable[[], None]) -> None:
    """Have something done right after the next query of whoever uses the engine."""
    waiting = [done]

    def once(*_: object) -> None:
        if waiting:
            waiting.pop()()

    event.listen(engine, "after_cursor_execute", once)


async def crawl(ledger: Ledger) -> None:
    """Write one page with a record, a duplicate of it and a seat taken."""
    one, two = an_item("one"), an_item("two")
    await ledger.schedule([PageRequest("page-1", "https://shop.example/p", "https://shop.example/p")])
    await ledger.take("page-1", [one, two], 0)
    await ledger.accept(one, terms(ledger.engine, {"positive": 5}))
    near = Rejection(Bucket.DUPLICATE, DedupReason.NEAR_DUPLICATE, "…", matched=one.item_id, score=0.9)
    await ledger.reject(two, terms(ledger.engine), "drop_near_duplicates", near, {})
    await ledger.close_page("page-1", PageState.DONE)


@pytest.mark.parametrize(
    ("lie", "problem"),
    [
        ("SELECT 1", None),
        ("DELETE FROM records", "1 outcomes say record, but records has no such row"),
        ("DELETE FROM duplicates", "1 outcomes say duplicate, but duplicates has no such row"),
        ("DELETE FROM outcomes", "1 rows of records have no outcome that says record"),
        ("UPDATE outcomes SET bucket = 'failed'", "2 outcomes say failed, but failed_records has no such row"),
        ("UPDATE outcomes SET bucket = 'pending'", "1 pages are done, though items of theirs are pending"),
        ("UPDATE pages SET state = 'pending'", "1 pages are pending, though their run says it finished"),
        ("UPDATE pages SET items_yielded = 3", "3 items were yielded, 2 are accounted for"),
        ("UPDATE duplicates SET matched_record_id = 'x'", "1 duplicates repeat a record that is not there"),
        ("UPDATE quota_seats SET taken = 3", "3 seats of review/positive are taken, by 1 records"),
        (
            "UPDATE dedup_bands SET record_id = 'x'",
            "1 entries of the near-duplicate index name a record that is not there",
        ),
        (
            "INSERT INTO contrast_pairs SELECT record_id, 'x', 0.9, run_id FROM records",
            "1 contrast pairs name a record that is not there",
        ),
        ("UPDATE records SET content_hash = 'x'", "1 records no longer have the text their content hash was made of"),
        ("UPDATE records SET label = 'negative'", "1 records have another label than they were given last"),
        ("UPDATE labels SET label = 'negative'", "1 records have another label than they were given last"),
        ("DELETE FROM labels", "1 records have a label that nobody gave: labels has no row for them"),
        (RELABELLED.format(source="rule"), OTHERWISE),
        (RELABELLED.format(source="person"), None),
        ("UPDATE labels SET label = 'negative', version = 'old'; UPDATE records SET label = 'negative'", None),
    ],
)
def test_check_finds_the_lie(database_url: str, lie: str, problem: str | None) -> None:
    ledger = Ledger.open(database_url, a_run())
    asyncio.run(crawl(ledger))
    ledger.finish("finished", {})
    with writing(ledger.engine) as connection:
        for statement in lie.split("; "):
            connection.execute(text(statement))
    check = check_ledger(ledger.engine)
    assert check.balanced is (problem is None)
    assert problem is None or problem in check.problems
    ledger.engine.dispose()


def test_check_counts_both_sides(database_url: str) -> None:
    ledger = Ledger.open(database_url, a_run())
    asyncio.run(crawl(ledger))
    ledger.finish("finished", {})
    check = check_ledger(ledger.engine)
    assert check.items == {
        "yielded": 2, "record": 1, "duplicate": 1, "failed": 0, "over_quota": 0, "needs_review": 0, "pending": 0,
    }  # fmt: skip
    assert check.pages == {"scheduled": 1, "pending": 0, "done": 1, "failed": 0, "skipped": 0}
    ledger.engine.dispose()


def test_check_finds_a_rating_that_makes_the_label_a_lie(database_url: str) -> None:
    ledger = Ledger.open(database_url, a_run())
    asyncio.run(crawl(ledger))
    ledger.finish("finished", {})
    with writing(ledger.engine) as connection:
        data = connection.scalars(select(records.c.data)).one()
        connection.execute(update(records).values(data=data | {"rating": 3.0}))
    assert check_ledger(ledger.engine).problems == [OTHERWISE]
    ledger.engine.dispose()


def test_check_when_somebody_writes_meanwhile_is_of_one_moment(database_url: str) -> None:
    engine, others = open_engine(database_url), open_engine(database_url)

    def crawl_more() -> None:
        ledger = Ledger(others, a_run())
        asyncio.run(crawl(ledger))
        ledger.finish("finished", {})

    after_the_next_query(engine, crawl_more)
    check = check_ledger(engine)
    # SQLite's moment is that of the first look into a table, PostgreSQL's that of the first query.
    assert check.problems == []
    assert check.items["yielded"] == check.items["record"] + check.items["duplicate"]
    assert check_ledger(engine).items["yielded"] == 2
    for each in (engine, others):
        each.dispose()
