"""The ledger: each item in exactly one place, whatever order, twin or quota brings."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, event, select

from tdcrawl.errors import StoreError
from tdcrawl.outcomes import AnyStageReason, Bucket, DedupReason, PageReason, PageState, QuotaReason, Rejection
from tdcrawl.store.engine import open_engine
from tdcrawl.store.label_tables import labels
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.page_writes import Taken
from tdcrawl.store.tables import duplicates, failed_records, outcomes, over_quota, pages, quota_seats, records
from tdcrawl.store.verify import check_ledger
from tests.builders import a_run, an_item, terms

PAGE = PageRequest("page-1", "https://shop.example/p?ref=x", "https://shop.example/p")
BROKEN = Rejection(Bucket.FAILED, AnyStageReason.STAGE_ERROR, "it broke")
EVIDENCE = {"errors": [], "message": "it broke", "item": {"text": "…"}}


@contextmanager
def a_ledger(database_url: str, run_id: str = "run-1") -> Iterator[Ledger]:
    ledger = Ledger.open(database_url, a_run(run_id))
    yield ledger
    ledger.finish("finished", {})
    ledger.engine.dispose()


def rows(ledger: Ledger, table: Table) -> list[dict[str, Any]]:
    with ledger.engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def test_accept_writes_record_label_and_outcome_together(database_url: str) -> None:
    async def crawl(ledger: Ledger) -> None:
        await ledger.schedule([PAGE])
        assert await ledger.take("page-1", [an_item()], 0) == {an_item().item_id: Taken.NEW}
        await ledger.accept(an_item(), terms(ledger.engine))
        await ledger.close_page("page-1", PageState.DONE)

    with a_ledger(database_url) as ledger:
        asyncio.run(crawl(ledger))
        assert [row["record_id"] for row in rows(ledger, records)] == [an_item().item_id]
        assert [(row["label"], row["source"]) for row in rows(ledger, labels)] == [("positive", "rule")]
        assert [row["bucket"] for row in rows(ledger, outcomes)] == ["record"]
        assert rows(ledger, records)[0]["scraped_at"] == an_item().fetched_at
        assert check_ledger(ledger.engine).balanced


def test_accept_when_another_process_wrote_the_same_text(database_url: str) -> None:
    twin = an_item("one")
    twin.item_id = "f" * 32

    async def crawl(ledger: Ledger) -> None:
        await ledger.schedule([PAGE])
        await ledger.take("page-1", [an_item(), twin], 0)
        await ledger.accept(an_item(), terms(ledger.engine))
        await ledger.accept(twin, terms(ledger.engine))

    with a_ledger(database_url) as ledger:
        with pytest.raises(Rejection) as caught:
            asyncio.run(crawl(ledger))
        assert (caught.value.bucket, caught.value.reason) == (Bucket.DUPLICATE, DedupReason.EXACT_DUPLICATE)
        assert caught.value.matched == an_item().item_id
        assert len(rows(ledger, records)) == 1


def test_accept_when_another_process_took_the_last_seat(database_url: str) -> None:
    async def crawl(ledger: Ledger) -> list[object]:
        items, two_seats = [an_item(name) for name in ("one", "two", "three")], terms(ledger.engine, {"positive": 2})
        await ledger.schedule([PAGE])
        await ledger.take("page-1", items, 0)
        return await asyncio.gather(*(ledger.accept(item, two_seats) for item in items), return_exceptions=True)

    with a_ledger(database_url) as ledger:
        first, second, third = asyncio.run(crawl(ledger))
        assert (first, second) == ([], [])
        assert isinstance(third, Rejection)
        assert (third.bucket, third.reason) == (Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL)
        assert [row["taken"] for row in rows(ledger, quota_seats)] == [2]


@pytest.mark.parametrize(
    ("rejection", "table"),
    [
        (BROKEN, failed_records),
        (
            Rejection(Bucket.DUPLICATE, DedupReason.NEAR_DUPLICATE, "…", matched=an_item().item_id, score=0.9),
            duplicates,
        ),
        (Rejection(Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL, "…"), over_quota),
    ],
)
def test_reject_puts_the_item_in_the_table_of_its_bucket(database_url: str, rejection: Rejection, table: Table) -> None:
    async def crawl(ledger: Ledger) -> None:
        await ledger.schedule([PAGE])
        await ledger.take("page-1", [an_item(), an_item("two")], 0)
        await ledger.accept(an_item(), terms(ledger.engine))
        await ledger.reject(an_item("two"), terms(ledger.engine), "some_stage", rejection, EVIDENCE)
        await ledger.close_page("page-1", PageState.DONE)

    with a_ledger(database_url) as ledger:
        asyncio.run(crawl(ledger))
        assert [row["item_id"] for row in rows(ledger, table)] == [an_item("two").item_id]
        check = check_ledger(ledger.engine)
        assert check.problems == []
        assert check.items[rejection.bucket] == 1
        assert check.items["yielded"] == 2


def test_schedule_when_there_are_more_than_a_statement_can_hold(tmp_path: Path) -> None:
    # As a full sitemap lists, and as a statement of PostgreSQL could not ask for either.
    wanted = [PageRequest(f"{number:032x}", PAGE.url, PAGE.canonical_url) for number in range(70_000)]

    async def crawl(ledger: Ledger) -> tuple[set[str], set[str]]:
        first = await ledger.schedule(wanted)
        return first, await ledger.schedule(wanted)

    with a_ledger(f"sqlite:///{tmp_path}/many.db") as ledger:
        first, again = asyncio.run(crawl(ledger))
    assert (len(first), len(again)) == (70_000, 0)


def test_take_when_an_item_has_its_outcome_counts_it_as_seen_again(database_url: str) -> None:
    async def crawl(ledger: Ledger) -> dict[str, Taken]:
        await ledger.schedule([PAGE])
        await ledger.take("page-1", [an_item()], 0)
        await ledger.accept(an_item(), terms(ledger.engine))
        return await ledger.take("page-1", [an_item(), an_item("two")], 3)

    with a_ledger(database_url) as ledger:
        assert asyncio.run(crawl(ledger)) == {an_item("two").item_id: Taken.NEW}
        assert [(row["items_yielded"], row["items_seen_again"]) for row in rows(ledger, pages)] == [(2, 4)]


def test_take_when_an_earlier_run_died_takes_its_item_up(database_url: str) -> None:
    async def die(ledger: Ledger) -> None:
        await ledger.schedule([PAGE])
        await ledger.take("page-1", [an_item()], 0)

    async def again(ledger: Ledger) -> None:
        await ledger.schedule([PageRequest("page-2", PAGE.url, PAGE.canonical_url)])
        assert await ledger.take("page-2", [an_item(page_id="page-2")], 0) == {an_item().item_id: Taken.NEW}
        await ledger.accept(an_item(page_id="page-2"), terms(ledger.engine))

    with a_ledger(database_url) as ledger:
        asyncio.run(die(ledger))
    with a_ledger(database_url, "run-2") as ledger:
        asyncio.run(again(ledger))
        check = check_ledger(ledger.engine)
        assert (check.items["yielded"], check.items["record"], check.items["pending"]) == (1, 1, 0)
        assert [(row["run_id"], row["page_id"]) for row in rows(ledger, outcomes)] == [("run-2", "page-2")]


def test_settling_twice_changes_nothing(database_url: str) -> None:
    async def crawl(ledger: Ledger) -> None:
        await ledger.schedule([PAGE])
        await ledger.take("page-1", [an_item()], 0)
        await ledger.reject(an_item(), terms(ledger.engine), "some_stage", BROKEN, EVIDENCE)
        await ledger.accept(an_item(), terms(ledger.engine))

    with a_ledger(database_url) as ledger:
        asyncio.run(crawl(ledger))
        assert rows(ledger, records) == []
        assert [row["bucket"] for row in rows(ledger, outcomes)] == ["failed"]


def test_a_bad_row_does_not_take_its_batch_along(database_url: str) -> None:
    bad = an_item("bad")
    bad.flags = [object()]  # type: ignore[list-item]  # no JSON: the insert raises

    async def crawl(ledger: Ledger) -> list[object]:
        items, agreed = [an_item("one"), an_item("two"), bad, an_item("three")], terms(ledger.engine)
        await ledger.schedule([PAGE])
        await ledger.take("page-1", items, 0)
        return await asyncio.gather(*(ledger.accept(item, agreed) for item in items), return_exceptions=True)

    with a_ledger(database_url) as ledger:
        one, two, broken, three = asyncio.run(crawl(ledger))
        assert (one, two, three) == ([], [], [])
        assert "Unable to serialize" in str(broken)
        assert len(rows(ledger, records)) == 3


def test_close_page_when_it_has_ended_already_keeps_the_first_word(database_url: str) -> None:
    async def crawl(ledger: Ledger) -> None:
        assert await ledger.schedule([PAGE, PAGE]) == {"page-1"}
        assert await ledger.schedule([PAGE]) == set()
        await ledger.close_page("page-1", PageState.FAILED, PageReason.TIMEOUT, "30 s")
        await ledger.close_page("page-1", PageState.DONE)

    with a_ledger(database_url) as ledger:
        asyncio.run(crawl(ledger))
        assert [(row["state"], row["reason"]) for row in rows(ledger, pages)] == [("failed", "timeout")]


def test_a_new_run_supersedes_the_pages_that_an_ended_one_left_pending(database_url: str) -> None:
    other = PageRequest("page-2", "https://shop.example/other", "https://shop.example/other")

    async def begin(ledger: Ledger, page: PageRequest) -> None:
        await ledger.schedule([page])

    with a_ledger(database_url) as alive:
        asyncio.run(begin(alive, other))
        with a_ledger(database_url, "run-2") as ended:
            asyncio.run(begin(ended, PAGE))
        with a_ledger(database_url, "run-3") as later:
            found = {row["page_id"]: (row["state"], row["reason"], row["detail"]) for row in rows(later, pages)}
    assert found == {
        "page-1": ("skipped", "superseded", "run run-3 reads the site anew"),
        "page-2": ("pending", None, None),
    }


def test_open_when_nothing_can_be_written(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/full.db")
    engine.dispose()
    event.listen(engine, "connect", lambda opened, _: opened.execute("PRAGMA query_only = 1"))
    with pytest.raises(StoreError, match="attempt to write a readonly database"):
        Ledger(engine, a_run())
    assert list(tmp_path.glob("*.alive")) == []
