"""A record's story: all that the tables know of it, and of no other."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import update

from tdcrawl.errors import StoreError
from tdcrawl.outcomes import Bucket, DedupReason, Rejection
from tdcrawl.store.engine import Engine, writing
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.overview import FAILURES, last_runs
from tdcrawl.store.story import tell
from tdcrawl.store.tables import runs
from tests.builders import NOON, a_run, an_item, terms

ONE, COPY = an_item("one"), an_item("copy")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Write a record and its copy."""
    ledger = Ledger.open(database_url, a_run())

    async def crawl() -> None:
        await ledger.schedule([PageRequest("page-1", ONE.requested_url, "https://shop.example/product/17")])
        await ledger.take("page-1", [ONE, COPY], 0)
        await ledger.accept(ONE, terms(ledger.engine))
        near = Rejection(Bucket.DUPLICATE, DedupReason.NEAR_DUPLICATE, "…", matched=ONE.item_id, score=0.9)
        await ledger.reject(COPY, terms(ledger.engine), "drop_near_duplicates", near, {})

    asyncio.run(crawl())
    ledger.finish("finished", {})
    yield ledger.engine
    ledger.engine.dispose()


def test_tell_of_a_record_names_its_copies_and_labels(engine: Engine) -> None:
    story = tell(engine, ONE.item_id[:8])
    assert (story["item_id"], story["outcome"]["bucket"]) == (ONE.item_id, "record")
    assert [copy["item_id"] for copy in story["copies"]] == [COPY.item_id]
    assert [label["label"] for label in story["labels"]] == ["positive"]
    assert (story["page"]["page_id"], story["run"]["run_id"]) == ("page-1", "run-1")
    assert (story["duplicate"], story["failed_record"], story["over_quota"]) == (None, None, None)


def test_tell_of_a_copy_names_what_it_repeats(engine: Engine) -> None:
    story = tell(engine, COPY.item_id)
    assert (story["duplicate"]["matched_record_id"], story["duplicate"]["score"]) == (ONE.item_id, 0.9)
    assert (story["record"], story["copies"], story["labels"]) == (None, [], [])


@pytest.mark.parametrize("beginning", ["%", "no such id"])
def test_tell_when_the_id_is_unknown(engine: Engine, beginning: str) -> None:
    with pytest.raises(StoreError, match=f"^no item has an id that begins with '{beginning}'"):
        tell(engine, beginning)


def test_tell_when_the_id_is_that_of_several(engine: Engine) -> None:
    with pytest.raises(StoreError, match=r"^more than one item has an id that begins with '' .*give more of it$"):
        tell(engine, "")


def test_last_runs_gives_the_newest_of_each_site(engine: Engine) -> None:
    for run_id, site, hours in (("later", "demo_store", 1), ("earlier", "demo_store", -1), ("else", "other", 0)):
        Ledger(engine, a_run(run_id, site)).finish("finished", {"tdcrawl/items/record": 3})
        with writing(engine) as connection:
            began = NOON.replace(hour=12 + hours)
            connection.execute(update(runs).where(runs.c.run_id == run_id).values(started_at=began))
    found = last_runs(engine)
    assert {site: run["run_id"] for site, run in found.items()} == {"demo_store": "later", "other": "else"}
    assert found["other"]["stats"] == {"tdcrawl/items/record": 3}


@pytest.mark.parametrize(("failures", "health"), [([], "ok"), (["it broke"], "failed"), (None, "failed")])
def test_last_runs_tells_how_well_they_are(engine: Engine, failures: list[str] | None, health: str) -> None:
    ledger = Ledger(engine, a_run("later", "other"))
    assert last_runs(engine)["other"]["health"] == "running"
    ledger.finish("finished", {"tdcrawl/items/record": 3})
    if failures is not None:
        ledger.judged({FAILURES: failures})
    assert last_runs(engine)["other"]["health"] == health
    assert last_runs(engine)["other"]["stats"]["tdcrawl/items/record"] == 3
