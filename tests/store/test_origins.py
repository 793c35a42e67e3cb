"""What the database knows of how records came to be: counted alike in both, and in the same order."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, update

from tdcrawl.outcomes import PageReason, PageState
from tdcrawl.store.engine import Engine
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.origins import origins
from tdcrawl.store.tables import RECORD_COLUMNS, duplicates, records, runs
from tests.builders import a_run
from tests.datasets.corpus import a_review, collect

NOTHING = {
    "dates": {"reviewed_at": {"from": None, "to": None, "records": 0}},
    "stages": {"runs": 0, "saw_items": {}},
    "least_alike": None,
    "masked": {},
    "persons": {"author_hash": 0},
    "refused": {},
}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Collect ten reviews: in four something was masked, four have an author."""
    items = [a_review(number) for number in range(10)]
    for item, flags in zip(
        items,
        (["masked_phone", "masked_email"], ["masked_email", "other"], ["masked_email"], ["masked_email"]),
        strict=False,
    ):
        item.flags += flags
    for item in items[:4]:
        assert item.record is not None
        item.record = item.record.model_copy(update={"author_hash": "a" * 32})
    engine = collect(database_url, items)
    yield engine
    engine.dispose()


def told(engine: Engine, record_type: str = "review") -> str:
    """Tell the origins as a manifest does."""
    with engine.connect() as connection:
        return json.dumps(origins(connection, record_type, records.c.record_type == record_type))


def test_origins_when_nothing_more_is_known(engine: Engine) -> None:
    found = json.loads(told(engine))
    assert found["dates"] == {"reviewed_at": {"from": "2026-01-01", "to": "2026-01-01", "records": 5}}
    assert list(found["masked"].items()) == [("email", 4), ("phone", 1)]
    assert found["persons"] == {"author_hash": 4}
    assert {name: found[name] for name in ("stages", "least_alike", "refused")} == {
        name: NOTHING[name] for name in ("stages", "least_alike", "refused")
    }
    postings = json.loads(told(engine, "job_posting"))
    assert (postings["masked"], postings["refused"], postings["least_alike"]) == ({}, {}, None)
    assert {dates["records"] for dates in postings["dates"].values()} == {0}


def test_origins_count_runs_by_the_stages_that_saw_items(engine: Engine) -> None:
    seen = {"tdcrawl/write_record/seen": 9, "tdcrawl/label_record/seen": 9, "tdcrawl/write_record/passed": 9}
    with engine.begin() as connection:
        connection.execute(update(runs).values(stats=seen))
        first = connection.execute(select(runs)).mappings().one()
        for name, stats in (("2", {"tdcrawl/write_record/seen": 1}), ("3", {"tdcrawl/pages/done": 1}), ("4", None)):
            connection.execute(insert(runs).values({**first, "run_id": name, "stats": stats}))
        connection.execute(insert(runs).values({**first, "run_id": "5", "stats": seen, "record_type": "job_posting"}))
    assert json.loads(told(engine))["stages"] == {"runs": 2, "saw_items": {"label_record": 1, "write_record": 2}}
    assert '"saw_items": {"label_record"' in told(engine)


def test_origins_tell_the_near_copy_that_is_least_alike(engine: Engine) -> None:
    with engine.begin() as connection:
        row = connection.execute(select(records).limit(1)).mappings().one()
        copied = {name: row[name] for name in RECORD_COLUMNS}
        for name, reason, score in (
            ("1", "near_duplicate", 0.912345),
            ("2", "near_duplicate", 0.95),
            ("3", "exact_duplicate", 0.5),
        ):
            of = {"item_id": name, "reason": reason, "score": score, "matched_record_id": row["record_id"]}
            connection.execute(insert(duplicates).values({**copied, **of}))
    assert json.loads(told(engine))["least_alike"] == 0.9123


def test_origins_count_the_pages_that_were_left_alone_once_each(engine: Engine) -> None:
    for run in ("one", "two"):
        ledger = Ledger(engine, a_run(run))
        asyncio.run(_refuse(ledger, run))
        ledger.finish("finished", {})
    assert json.loads(told(engine))["refused"] == {"demo_store": {"robots_disallowed": 2}}


async def _refuse(ledger: Ledger, run: str) -> None:
    for name, reason in (
        ("a", PageReason.ROBOTS_DISALLOWED),
        ("b", PageReason.ROBOTS_DISALLOWED),
        ("c", PageReason.TRAP),
    ):
        url = f"https://shop.example/{name}"
        await ledger.schedule([PageRequest(f"{run} {name}", url, url)])
        await ledger.close_page(f"{run} {name}", PageState.SKIPPED, reason)
