"""Steering: which turned pages are leased last, by what the pages before them fed, as it is true at each lease."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, update

from tdcrawl.datasets.erasing import Erasure
from tdcrawl.outcomes import Bucket, PageState, Rejection
from tdcrawl.records.naming import UNLABELLED
from tdcrawl.store.beginning import take_up
from tdcrawl.store.engine import open_engine
from tdcrawl.store.erasing import Target
from tdcrawl.store.frontier import Lease
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.promoting import promote_all
from tdcrawl.store.steering import CHAIN, Course, steps_back
from tdcrawl.store.tables import outcomes, over_quota, pages
from tdcrawl.store.tombstones import Kind, url_key
from tdcrawl.store.verify import check_ledger
from tests.builders import a_run, an_item, terms
from tests.reviewing import REVIEWING

POSITIVE, NEGATIVE = 5.0, 1.0
FULL, ROOMY = {"positive": 20}, {"positive": 500}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Close what a test has opened."""
    with ExitStack() as opened:
        yield opened


def join(stack: ExitStack, database_url: str, run_id: str = "run-1") -> Ledger:
    """Begin a crawl, take it up or join it."""
    engine = open_engine(database_url)
    stack.callback(engine.dispose)
    return Ledger(engine, a_run(run_id), lambda connection, run: take_up(connection, run, [url("first")], again=False))


def url(name: str, host: str = "shop") -> str:
    return f"https://{host}.example/{name}"


def a_page(name: str, *chain: str, priority: int = 0, host: str = "shop") -> PageRequest:
    """Build a page that was turned from others, or from none."""
    request = {"callback": "parse", "meta": {CHAIN: list(chain)} if chain else {}, "priority": priority}
    return PageRequest(name, url(name, host), url(name, host), request, priority)


def feed(ledger: Ledger, quota: Mapping[str, int], **fed: Sequence[float]) -> None:
    """Read pages, by name, that yield items of these ratings."""

    async def read() -> None:
        await ledger.schedule([a_page(name) for name in fed])
        for name, ratings in fed.items():
            items = [an_item(f"{name} {place}", name, rating=rating) for place, rating in enumerate(ratings)]
            await ledger.take(name, items, 0)
            agreed = terms(ledger.engine, quota)
            answers = await asyncio.gather(*(ledger.accept(item, agreed) for item in items), return_exceptions=True)
            surplus = [(item, why) for item, why in zip(items, answers, strict=True) if isinstance(why, Rejection)]
            await asyncio.gather(*(ledger.reject(item, agreed, "enforce_quota", why, {}) for item, why in surplus))
            await ledger.close_page(name, PageState.DONE)

    asyncio.run(read())


def schedule(ledger: Ledger, *wanted: PageRequest) -> None:
    async def ask() -> None:
        await ledger.schedule(wanted)

    asyncio.run(ask())


def lease(ledger: Ledger, course: Course | None, number: int = 1) -> Lease:
    async def ask() -> Lease:
        return await ledger.lease(number, course)

    return asyncio.run(ask())


def order(ledger: Ledger, course: Course | None) -> list[str]:
    """Lease all that waits, a page at a time."""
    found = []
    while leased := lease(ledger, course).pages:
        found += [page.page_id for page in leased]
    return found


def priorities(ledger: Ledger) -> dict[str, int]:
    query = select(pages.c.page_id, pages.c.priority).where(pages.c.state == PageState.PENDING)
    with ledger.engine.connect() as connection:
        return dict(connection.execute(query).all())


@pytest.mark.parametrize(
    ("room", "items", "steps"),
    [(0, 0, 0), (0, 19, 0), (0, 20, 1), (0, 40, 2), (0, 80, 3), (0, 1000, 3), (1, 39, 0), (1, 40, 1), (8, 180, 1),
     (9, 199, 0), (5, 5, 0)],
)  # fmt: skip
def test_a_chain_goes_back_by_the_share_of_its_items_that_found_room(room: int, items: int, steps: int) -> None:
    assert steps_back(room, items) == steps


def test_pages_of_chains_that_feed_what_is_full_come_last(database_url: str, stack: ExitStack) -> None:
    ledger = join(stack, database_url)
    feed(ledger, FULL, plain=[POSITIVE] * 20, poor=[POSITIVE] * 40, mixed=[POSITIVE] * 18 + [NEGATIVE] * 2)
    feed(ledger, FULL, short=[POSITIVE] * 19)
    turned = [a_page(f"{name}2", name) for name in ("poor", "plain", "mixed", "short")]
    schedule(ledger, a_page("first"), *turned, a_page("unread"))
    course = Course("review", FULL)
    leased = lease(ledger, course, 2)
    assert ([page.page_id for page in leased.pages], leased.put_back) == (["first", "mixed2"], 2)
    assert lease(ledger, course, 1).put_back == 0
    assert order(ledger, course) == ["unread", "plain2", "poor2"]
    assert priorities(ledger) == {"first": 0, "mixed2": 0, "short2": 0, "unread": 0, "plain2": -1, "poor2": -2}
    ledger.finish("shutdown", {})


def test_all_pages_of_a_chain_speak_and_copies_failures_and_the_unlabelled_do_not(
    database_url: str, stack: ExitStack
) -> None:
    ledger = join(stack, database_url)
    feed(ledger, FULL, one=[POSITIVE] * 15, two=[POSITIVE] * 15, three=[POSITIVE] * 21)
    turned = a_page("three2", "three"), a_page("two2", "one", "two", "unread")
    schedule(ledger, *turned, a_page("first"))
    with ledger.engine.begin() as connection:
        unlabelled = select(outcomes.c.item_id).where(outcomes.c.page_id == "three").limit(1).scalar_subquery()
        connection.execute(update(over_quota).where(over_quota.c.item_id == unlabelled).values(stratum=UNLABELLED))
    assert order(ledger, Course("review", FULL)) == ["first", "three2", "two2"]
    with ledger.engine.begin() as connection:
        connection.execute(update(pages).values(leased_by=None, priority=0))
        connection.execute(update(outcomes).where(outcomes.c.page_id == "two").values(bucket=Bucket.FAILED))
    assert order(ledger, Course("review", FULL)) == ["two2", "first", "three2"]
    ledger.finish("shutdown", {})


def test_a_page_that_goes_back_further_is_counted_once(database_url: str, stack: ExitStack) -> None:
    ledger, course = join(stack, database_url), Course("review", FULL)
    feed(ledger, FULL, one=[POSITIVE] * 20)
    schedule(ledger, a_page("turned", "one", "two"), a_page("first"))
    assert lease(ledger, course).put_back == 1
    feed(ledger, FULL, two=[POSITIVE] * 20)
    last = lease(ledger, course)
    assert (last.put_back, [(page.page_id, page.priority) for page in last.pages]) == (0, [("turned", -2)])
    ledger.finish("shutdown", {})


def test_pages_go_back_from_the_priority_they_were_found_at(database_url: str, stack: ExitStack) -> None:
    ledger = join(stack, database_url)
    feed(ledger, FULL, poor=[POSITIVE] * 40)
    schedule(ledger, a_page("urgent", "poor", priority=5), a_page("first", priority=4), a_page("plain"))
    assert order(ledger, Course("review", FULL)) == ["first", "urgent", "plain"]
    assert priorities(ledger)["urgent"] == 3
    ledger.finish("shutdown", {})


def test_pages_come_forward_when_an_erasure_has_made_room(database_url: str, stack: ExitStack, tmp_path: Path) -> None:
    ledger = join(stack, database_url)
    feed(ledger, FULL, poor=[POSITIVE] * 20, worse=[POSITIVE] * 20)
    schedule(ledger, a_page("worse2", "worse"), *(a_page(f"plain{number}") for number in range(2)))
    before = lease(ledger, Course("review", FULL))
    assert (before.pages[0].page_id, before.put_back, priorities(ledger)["worse2"]) == ("plain0", 1, -1)
    target = Target(Kind.URL, frozenset({url_key(url("poor"))}), urls=frozenset({url("poor")}))
    Erasure(ledger.engine, tmp_path, target, lambda _: terms(ledger.engine, FULL)).carry_out()
    after = lease(ledger, Course("review", FULL, before.sight))
    assert (after.pages[0].page_id, after.put_back, priorities(ledger)["worse2"]) == ("worse2", 0, 0)
    ledger.finish("shutdown", {})
    check = check_ledger(ledger.engine)
    assert (check.problems, check.items["over_quota"], check.items["failed"]) == ([], 20, 20)


def test_pages_come_forward_when_a_run_is_taken_up_and_go_back_by_its_own_quota(
    database_url: str, stack: ExitStack
) -> None:
    first = join(stack, database_url)
    feed(first, FULL, first=[POSITIVE] * 20)
    schedule(first, a_page("turned", "first"), *(a_page(f"plain{number}") for number in range(3)))
    assert lease(first, Course("review", FULL)).pages[0].page_id == "plain0"
    first.finish("shutdown", {})
    without = join(stack, database_url)
    assert lease(without, None).pages[0].page_id == "turned"
    without.finish("shutdown", {})
    promote_all(first.engine, terms(first.engine, {"positive": 30}), REVIEWING)
    raised = join(stack, database_url)
    assert lease(raised, Course("review", {"positive": 30})).pages[0].page_id == "turned"
    raised.finish("shutdown", {})
    anew = join(stack, database_url)
    assert order(anew, Course("review", FULL)) == ["plain0", "plain1", "plain2", "turned"]
    anew.finish("shutdown", {})


@pytest.mark.parametrize("is_gone", [False, True])
def test_pages_come_forward_whichever_worker_had_put_them_back(
    postgresql_database: str, stack: ExitStack, tmp_path: Path, is_gone: bool
) -> None:
    one, two = join(stack, postgresql_database), join(stack, postgresql_database)
    schedule(one, a_page("a1", host="a"), a_page("b1", "poor", host="b"), a_page("b2", host="b"))
    course = Course("review", FULL)
    seen_by_one = lease(one, course)
    assert seen_by_one.pages[0].page_id == "a1"
    feed(one, FULL, poor=[POSITIVE] * 20)
    seen_by_two = lease(two, course)
    assert (seen_by_two.pages[0].page_id, seen_by_two.put_back, priorities(one)["b1"]) == ("b2", 1, -1)
    target = Target(Kind.URL, frozenset({url_key(url("poor"))}), urls=frozenset({url("poor")}))
    Erasure(one.engine, tmp_path, target, lambda _: terms(one.engine, FULL)).carry_out()
    assert lease(one, replace(course, last=seen_by_one.sight)).pages == []
    assert priorities(one)["b1"] == -1
    if is_gone:
        two.leave()
    last, who = (seen_by_one, one) if is_gone else (seen_by_two, two)
    (found,) = lease(who, replace(course, last=last.sight)).pages
    assert (found.page_id, found.priority) == ("b1", 0)
    one.finish("shutdown", {})
    two.finish("shutdown", {})


def statements(ledger: Ledger, course: Course | None) -> list[str]:
    """Lease a page, and tell what the database was asked for it."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    event.listen(ledger.engine, "before_cursor_execute", hear)
    lease(ledger, course)
    event.remove(ledger.engine, "before_cursor_execute", hear)
    return said


def test_a_lease_asks_nothing_more_without_a_quota_and_one_thing_until_a_stratum_is_full(
    database_url: str, stack: ExitStack
) -> None:
    ledger = join(stack, database_url)
    feed(ledger, FULL, poor=[POSITIVE] * 20)
    schedule(ledger, a_page("first"), *(a_page(f"turned{number}", "poor") for number in range(2)))
    assert lease(ledger, None).sight is None
    without, roomy = statements(ledger, None), statements(ledger, Course("review", ROOMY))
    assert not [statement for statement in without if "quota_seats" in statement or "outcomes" in statement]
    assert [statement for statement in roomy if "quota_seats" not in statement] == without
    assert len(roomy) == len(without) + 1
    ledger.finish("shutdown", {})
