"""The shares of a run: of what is new in it, wherever it ended, and learned from runs that read all of their site."""

import asyncio
from datetime import timedelta

import pytest

from tdcrawl.drift import LEAST, Group, Past
from tdcrawl.outcomes import AnyStageReason, Bucket, PageReason, PageState, QuotaReason, Rejection
from tdcrawl.records.base import TrainingItem
from tdcrawl.records.review import REVIEW
from tdcrawl.store.engine import Engine
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.overview import ALARMS, SHARES
from tdcrawl.store.shares import collect, compare, learned
from tests.builders import NOON, a_run, an_item, terms

FAILED = Rejection(Bucket.FAILED, AnyStageReason.STAGE_ERROR, "it broke")
SURPLUS = Rejection(Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL, "all seats are taken")
EVIDENCE = {"errors": [], "message": "it broke", "item": {"text": "…", "title": "", "author": "person:1"}}


async def crawl(ledger: Ledger, *kept: TrainingItem) -> None:
    """Read two pages: on one the items to keep, one that fails and one over quota, the other is not answered."""
    fails, surplus, agreed = an_item("fails"), an_item("surplus", rating=1.0), terms(ledger.engine)
    one, two = (f"{number} of {ledger.run.run_id}" for number in (1, 2))
    await ledger.schedule([PageRequest(page, f"https://shop.example/{page}", page) for page in (one, two)])
    await ledger.take(one, [*kept, fails, surplus], 0)
    await asyncio.gather(*(ledger.accept(item, agreed) for item in kept))
    await ledger.reject(fails, agreed, "validate_record", FAILED, EVIDENCE)
    await ledger.reject(surplus, agreed, "enforce_quota", SURPLUS, {})
    await ledger.close_page(one, PageState.DONE)
    await ledger.close_page(two, PageState.FAILED, PageReason.TIMEOUT)


def test_shares_are_those_of_the_new_items_wherever_they_ended(database_url: str) -> None:
    ledger = Ledger.open(database_url, a_run())
    asyncio.run(crawl(ledger, an_item("one"), an_item("two")))
    ledger.finish("finished", {})
    with ledger.engine.connect() as connection:
        selectors = {"tdcrawl/reader/css/text/1": 4, "tdcrawl/reader/css/text/3": 1}
        shares = collect(connection, "run-1", REVIEW, {"tdcrawl/reader/css": 3, "tdcrawl/items/record": 2, **selectors})
    assert shares["items"] == Group(of=4, found={"failed": 1, "failed, stage_error": 1})
    everywhere = {"text": 4, "rating": 3, "author": 1}
    assert shares["fields"] == Group(of=4, found=dict.fromkeys(REVIEW.told_fields, 0) | everywhere)
    assert shares["strata"] == Group(of=3, found={"positive": 2, "negative": 1})
    assert shares["pages"] == Group(of=2, found={"failed": 1})
    assert shares["readers"] == Group(of=3, found={"css": 3})
    assert shares["selectors of text"] == Group(of=5, found={"1": 4, "3": 1})
    ledger.engine.dispose()


def test_shares_leave_out_what_is_only_tried_anew(database_url: str) -> None:
    for number, kept in enumerate([an_item("one"), an_item("two")]):
        began = NOON + timedelta(days=number)
        ledger = Ledger.open(database_url, a_run(f"run-{number}", began=began))
        asyncio.run(crawl(ledger, kept))
        ledger.finish("finished", {})
        ledger.engine.dispose()
    with ledger.engine.connect() as connection:
        shares = collect(connection, "run-1", REVIEW, {})
    assert shares["items"] == Group(of=1, found={})
    assert shares["fields"]["of"] == shares["strata"]["of"] == 1
    assert shares["pages"]["of"] == 2
    ledger.engine.dispose()


def past(engine: Engine, run_id: str, days: int, reason: str = "finished", site: str = "demo_store") -> None:
    """Write a run that ended some days after the first, as one that read 99 of 100 pages."""
    ledger = Ledger(engine, a_run(run_id, site, NOON + timedelta(days=days)))
    ledger.finish(reason, {})
    ledger.judged({ALARMS: [{"share": run_id}], SHARES: {"pages": Group(of=100, found={"failed": 1})}})


@pytest.fixture
def ledger(database_url: str) -> Ledger:
    """Open the ledger of a run whose site was read before, wholly or not."""
    ledger = Ledger.open(database_url, a_run("now", began=NOON + timedelta(days=9)))
    past(ledger.engine, "second", 2)
    past(ledger.engine, "first", 1)
    past(ledger.engine, "later", 10)
    past(ledger.engine, "elsewhere", 3, site="other")
    past(ledger.engine, "in part", 3, "limit_reached")
    past(ledger.engine, "stopped", 3, "shutdown")
    return ledger


def test_learned_gives_the_runs_before_that_read_all_of_the_site(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        assert learned(connection, ledger.run) == [
            Past({"pages": Group(of=100, found={"failed": 1})}, {name}) for name in ("first", "second")
        ]
    ledger.finish("finished", {})
    ledger.engine.dispose()


def test_compare_finds_nothing_strange_about_a_run_that_was_not_to_read_all(ledger: Ledger) -> None:
    for number in range(LEAST):
        past(ledger.engine, f"more {number}", 4)

    async def fail(pages: list[PageRequest]) -> None:
        await ledger.schedule(pages)
        await asyncio.gather(*(ledger.close_page(page.page_id, PageState.FAILED, PageReason.TLS) for page in pages))

    asyncio.run(fail([PageRequest(str(number), "https://shop.example/", str(number)) for number in range(30)]))
    for reason, strange in (("finished", ["pages/failed"]), ("limit_reached", []), ("incomplete", [])):
        _, alarms = compare(ledger.engine, ledger.run, reason, REVIEW, {})
        assert [alarm.share for alarm in alarms] == strange
    ledger.finish("finished", {})
    ledger.engine.dispose()
