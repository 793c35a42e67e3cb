"""A page that is read anew moves what had failed on it, by its place where its id changed, and nothing else."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tdcrawl.errors import StoreError
from tdcrawl.outcomes import Bucket, PageReason, PageState, QuotaReason, Rejection, ValidateReason
from tdcrawl.records.base import TrainingItem
from tdcrawl.store.archive import Place
from tdcrawl.store.beginning import REPLAY, anew, take_up_replay
from tdcrawl.store.engine import Engine
from tdcrawl.store.failures import list_failures, replayable
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.page_writes import Taken
from tdcrawl.store.rereading import Reread
from tdcrawl.store.tables import outcomes, pages
from tdcrawl.store.verify import check_ledger
from tests.builders import NOON, a_run, an_item, terms

EVIDENCE = {"errors": [], "message": "no text", "item": {}}
NO_TEXT = Rejection(Bucket.FAILED, ValidateReason.MISSING_FIELD, "no text")
LATE = Rejection(Bucket.FAILED, ValidateReason.BAD_DATE, "tomorrow")
SURPLUS = Rejection(Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL, "full")
Replay = Callable[[Ledger], Coroutine[Any, Any, dict[str, Taken]]]
PLACE = Place("run-1/a.warc.gz", 17)
URL = "https://shop.example/p"
PAGE = PageRequest("page-1", URL, URL, {"callback": "parse", "meta": {"turned": 3}})
AGAIN = PageRequest("page-2", PAGE.url, PAGE.canonical_url, PAGE.request)


def items(*names: str, page_id: str = PAGE.page_id) -> list[TrainingItem]:
    """Build what a page yields, in that order."""
    found = [an_item(name, page_id) for name in names]
    for position, item in enumerate(found):
        item.position = position
    return found


async def crawl(ledger: Ledger) -> None:
    """Read a page with a record, two that fail for one reason, one for another, and a surplus one."""
    await ledger.schedule([PAGE])
    kept, *others = found = items("kept", "no text", "no text either", "late", "surplus")
    await ledger.take(PAGE.page_id, found, 0, PLACE)
    await ledger.accept(kept, terms(ledger.engine))
    for item, why in zip(others, (NO_TEXT, NO_TEXT, LATE, SURPLUS), strict=True):
        await ledger.reject(item, terms(ledger.engine), "some_stage", why, EVIDENCE)
    await ledger.close_page(PAGE.page_id, PageState.DONE)


def reread(found: list[TrainingItem], reason: str | None = None) -> Replay:
    """Build a replay that yields these."""

    async def replay(ledger: Ledger) -> dict[str, Taken]:
        await ledger.schedule([AGAIN])
        return await ledger.take(AGAIN.page_id, found, 0, PLACE, Reread(PAGE.page_id, reason))

    return replay


@pytest.fixture
def crawled(database_url: str) -> Iterator[Ledger]:
    """Crawl, and begin a replay."""
    ledger = Ledger.open(database_url, a_run("run-1"))
    asyncio.run(crawl(ledger))
    ledger.finish("finished", {})
    ledger.engine.dispose()
    again = a_run("run-2", began=NOON + timedelta(hours=1), spider=REPLAY)
    ledger = Ledger.open(database_url, again, take_up_replay)
    yield ledger
    ledger.finish("finished", {})
    ledger.engine.dispose()


def ids(*names: str) -> set[str]:
    return {an_item(name).item_id for name in names}


def where(engine: Engine) -> dict[str, tuple[str, str | None]]:
    """Say of each item where it is, and what it was called."""
    with engine.connect() as connection:
        rows = connection.execute(select(outcomes.c.item_id, outcomes.c.bucket, outcomes.c.was))
        return {item_id: (bucket, was) for item_id, bucket, was in rows}


def test_reread_page_takes_what_failed_and_leaves_what_is_surplus(crawled: Ledger) -> None:
    found = items("kept", "no text", "no text either", "late", "surplus", page_id=AGAIN.page_id)
    taken = asyncio.run(reread(found)(crawled))
    assert taken == dict.fromkeys(ids("no text", "no text either", "late"), Taken.REOPENED)
    check = check_ledger(crawled.engine)
    assert (check.problems, check.items["yielded"], check.items["pending"], check.seen_again) == ([], 5, 3, 2)


def test_reread_page_takes_only_what_failed_for_the_reason_given(crawled: Ledger) -> None:
    found = items("kept", "no text", "no text either", "late", "surplus", page_id=AGAIN.page_id)
    assert asyncio.run(reread(found, "bad_date")(crawled)).keys() == ids("late")


def test_failed_item_is_what_stands_in_its_place_where_its_id_changed(crawled: Ledger) -> None:
    found = items("kept", "a text", "another", "late", "surplus", page_id=AGAIN.page_id)
    taken = asyncio.run(reread(found, "missing_field")(crawled))
    assert taken == dict.fromkeys(ids("a text", "another"), Taken.REOPENED)
    now = where(crawled.engine)
    for old, new in (("no text", "a text"), ("no text either", "another")):
        assert now[an_item(new).item_id] == ("pending", an_item(old).item_id)
        assert an_item(old).item_id not in now
    assert check_ledger(crawled.engine).problems == []


def test_failed_item_stays_where_its_place_is_taken_by_a_known_one(crawled: Ledger) -> None:
    found = items("late", "kept", "surplus", page_id=AGAIN.page_id)
    assert asyncio.run(reread(found, "missing_field")(crawled)) == {}
    now = where(crawled.engine)
    assert {now[item_id] for item_id in ids("no text", "no text either")} == {("failed", None)}


def test_reread_page_takes_what_it_never_gave_before(crawled: Ledger) -> None:
    found = items("kept", "no text", "no text either", "late", "surplus", "new", page_id=AGAIN.page_id)
    taken = asyncio.run(reread(found, "missing_field")(crawled))
    assert taken[an_item("new").item_id] is Taken.NEW
    check = check_ledger(crawled.engine)
    assert (check.problems, check.items["yielded"]) == ([], 6)


def test_failures_are_counted_with_what_is_archived_of_them(crawled: Ledger) -> None:
    found = list_failures(crawled.engine, "demo_store", None)
    counted = {(each["what"], each["reason"]): (each["number"], each["archived"]) for each in found}
    assert counted == {("records", "missing_field"): (2, 2), ("records", "bad_date"): (1, 1)}
    assert list_failures(crawled.engine, "another", None) == []
    (page,) = replayable(crawled.engine, "demo_store", "bad_date")
    assert (page.page_id, page.meta, page.place) == (PAGE.page_id, {"turned": 3}, PLACE)


def test_page_that_failed_is_listed_until_it_was_read_by_a_later_run(crawled: Ledger) -> None:
    with crawled.engine.begin() as connection:
        failed = {"state": PageState.FAILED, "reason": PageReason.PARSE_ERROR, "scheduled_at": NOON}
        connection.execute(update(pages).where(pages.c.page_id == PAGE.page_id).values(failed))
    assert list_failures(crawled.engine, None, "parse_error") == [
        {"site": "demo_store", "what": "pages", "reason": "parse_error", "number": 1, "archived": 1}
    ]

    async def read_again() -> None:
        await crawled.schedule([AGAIN])
        await crawled.close_page(AGAIN.page_id, PageState.DONE)

    asyncio.run(read_again())
    assert list_failures(crawled.engine, None, "parse_error") == []


def test_item_that_nobody_will_take_up_is_settled_from_the_archive(database_url: str) -> None:
    async def dies(ledger: Ledger) -> None:
        await ledger.schedule([PAGE])
        await ledger.take(PAGE.page_id, items("left"), 0, PLACE)

    ledger = Ledger.open(database_url, a_run("run-1"))
    asyncio.run(dies(ledger))
    ledger.finish("shutdown", {})
    assert replayable(ledger.engine, "demo_store", None) == []
    ledger.engine.dispose()
    ledger = Ledger.open(database_url, a_run("run-2", began=NOON + timedelta(hours=1)), anew)
    ledger.finish("finished", {})
    ledger.engine.dispose()
    again = a_run("run-3", began=NOON + timedelta(hours=2), spider=REPLAY)
    ledger = Ledger.open(database_url, again, take_up_replay)
    (page,) = replayable(ledger.engine, "demo_store", "superseded")
    assert page.page_id == PAGE.page_id
    taken = asyncio.run(reread(items("left", page_id=AGAIN.page_id))(ledger))
    assert taken == {an_item("left").item_id: Taken.NEW}
    ledger.finish("finished", {})
    ledger.engine.dispose()


def test_replay_is_taken_up_until_it_has_finished(database_url: str) -> None:
    begun = []
    for number, end in enumerate(("shutdown", "finished", "finished")):
        run = a_run(f"run-{number}", began=NOON + timedelta(hours=number), spider=REPLAY)
        ledger = Ledger.open(database_url, run, take_up_replay)
        begun.append((ledger.run.run_id, ledger.taken_up))
        ledger.finish(end, {})
        ledger.engine.dispose()
    assert begun == [("run-0", False), ("run-0", True), ("run-2", False)]


def test_replay_leaves_an_unfinished_crawl_what_it_has_not_read(database_url: str) -> None:
    ledger = Ledger.open(database_url, a_run("run-1"))
    asyncio.run(_scheduled(ledger))
    ledger.finish("shutdown", {})
    ledger.engine.dispose()
    replay = Ledger.open(database_url, a_run("run-2", began=NOON + timedelta(hours=1), spider=REPLAY), take_up_replay)
    replay.finish("finished", {})
    with replay.engine.connect() as connection:
        assert connection.scalars(select(pages.c.state)).all() == ["pending"]
    replay.engine.dispose()


def test_replay_is_refused_while_somebody_crawls_the_site(database_url: str) -> None:
    crawl = Ledger.open(database_url, a_run("run-1"))
    with pytest.raises(StoreError, match=r"process \d+ on .* is reading demo_store \(run run-1\): wait for it"):
        Ledger.open(database_url, a_run("run-2", spider=REPLAY), take_up_replay)
    crawl.finish("finished", {})
    crawl.engine.dispose()


async def _scheduled(ledger: Ledger) -> None:
    await ledger.schedule([PAGE])
