"""A later run gives items another chance: those that failed and those that were surplus, each once, and no others."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select

from tdcrawl.outcomes import AnyStageReason, Bucket, PageState, QuotaReason, Rejection
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.page_writes import Taken
from tdcrawl.store.tables import failed_records, outcomes, over_quota, pages
from tdcrawl.store.verify import LedgerCheck, check_ledger
from tests.builders import NOON, a_run, an_item, terms

BROKEN = Rejection(Bucket.FAILED, AnyStageReason.STAGE_ERROR, "it broke")
SURPLUS = Rejection(Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL, "full")
EVIDENCE = {"errors": [], "message": "it broke", "item": {}}
ONE = an_item().item_id
Crawl = Callable[[Ledger], Coroutine[Any, Any, Any]]


def run(database_url: str, number: int, crawl: Crawl) -> LedgerCheck:
    """Do something in a run of its own, the later the higher its number."""
    ledger = Ledger.open(database_url, a_run(f"run-{number}", began=NOON + timedelta(hours=number)))
    asyncio.run(crawl(ledger))
    ledger.finish("limit_reached", {})
    check = check_ledger(ledger.engine)
    ledger.engine.dispose()
    return check


def rows(database_url: str, table: Table) -> list[dict[str, Any]]:
    ledger = Ledger.open(database_url, a_run(f"looking at {table.name}"))
    with ledger.engine.connect() as connection:
        found = [dict(row) for row in connection.execute(select(table)).mappings()]
    ledger.finish("finished", {})
    ledger.engine.dispose()
    return found


async def take(ledger: Ledger, name: str = "page") -> dict[str, Taken]:
    page_id = f"{name} of {ledger.run.run_id}"
    await ledger.schedule([PageRequest(page_id, "https://shop.example/p", "https://shop.example/p")])
    return await ledger.take(page_id, [an_item(page_id=page_id)], 0)


def refuse(why: Rejection) -> Crawl:
    """Build a crawl that takes the item, closes its page and refuses the item."""

    async def crawl(ledger: Ledger) -> None:
        await take(ledger)
        await ledger.reject(an_item(), terms(ledger.engine), "some_stage", why, EVIDENCE)
        await ledger.close_page("page of run-1", PageState.DONE)

    return crawl


@pytest.mark.parametrize(("why", "table"), [(BROKEN, failed_records), (SURPLUS, over_quota)])
def test_later_run_reopens_an_item_that_is_no_record(database_url: str, why: Rejection, table: Table) -> None:
    async def again(ledger: Ledger) -> None:
        assert await take(ledger) == {ONE: Taken.REOPENED}

    run(database_url, 1, refuse(why))
    check = run(database_url, 2, again)
    assert (check.problems, check.items["yielded"], check.items["pending"], check.seen_again) == ([], 1, 1, 0)
    assert rows(database_url, table) == []
    (outcome,) = rows(database_url, outcomes)
    names = ("run_id", "page_id", "stage", "reason", "detail")
    assert [outcome[name] for name in names] == ["run-2", "page of run-2", None, None, None]


def test_reopened_item_can_become_a_record(database_url: str) -> None:
    async def again(ledger: Ledger) -> None:
        await take(ledger)
        await ledger.accept(an_item(page_id="page of run-2"), terms(ledger.engine))

    run(database_url, 1, refuse(BROKEN))
    check = run(database_url, 2, again)
    assert (check.problems, check.items["record"], check.items["failed"]) == ([], 1, 0)
    assert [(row["items_yielded"], row["items_seen_again"]) for row in rows(database_url, pages)] == [(1, 0), (0, 0)]


def test_item_that_failed_again_is_not_reopened_within_its_run(database_url: str) -> None:
    async def again(ledger: Ledger) -> None:
        await refuse(BROKEN)(ledger)
        assert await take(ledger, "other page") == {}

    run(database_url, 1, refuse(BROKEN))
    check = run(database_url, 2, again)
    assert (check.problems, check.items["failed"], check.seen_again) == ([], 1, 1)
    assert [row["run_id"] for row in rows(database_url, failed_records)] == ["run-2"]


def test_earlier_run_does_not_reopen_what_a_later_one_settled(database_url: str) -> None:
    async def late(ledger: Ledger) -> None:
        assert await take(ledger) == {}

    run(database_url, 2, refuse(BROKEN))
    assert run(database_url, 1, late).problems == []


def test_record_is_not_reopened(database_url: str) -> None:
    async def first(ledger: Ledger) -> None:
        await take(ledger)
        await ledger.accept(an_item(page_id="page of run-1"), terms(ledger.engine))

    async def again(ledger: Ledger) -> None:
        assert await take(ledger) == {}

    run(database_url, 1, first)
    assert run(database_url, 2, again).seen_again == 1
