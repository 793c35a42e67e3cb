"""The frontier: what is next, who gets it, and what becomes of it when somebody leaves or dies."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest
from sqlalchemy import insert, select, update

from tdcrawl.errors import FinishedError, StoreError
from tdcrawl.store.beginning import take_up
from tdcrawl.store.engine import open_engine
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.tables import pages
from tdcrawl.store.worker_tables import hosts
from tests.builders import a_run

START = "https://one.example/0"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Close what a test has opened."""
    with ExitStack() as opened:
        yield opened


def join(stack: ExitStack, database_url: str, run_id: str, *, again: bool = False) -> Ledger:
    """Begin a crawl of a site that begins at START, or take it up."""
    engine = open_engine(database_url)
    stack.callback(engine.dispose)
    return Ledger(engine, a_run(run_id), lambda connection, run: take_up(connection, run, [START], again=again))


def of_hosts(*names: str, each: int = 3) -> list[PageRequest]:
    """Build pages, so many of each host, in turn."""
    urls = [f"https://{name}.example/{number}" for number in range(each) for name in names]
    return [PageRequest(url[8:], url, url, {"callback": "parse", "meta": {}}) for url in urls]


def leased(ledger: Ledger, number: int = 10) -> list[str]:
    async def ask() -> Sequence[PageRequest]:
        return (await ledger.lease(number)).pages

    return [page.page_id for page in asyncio.run(ask())]


def schedule(ledger: Ledger, wanted: Sequence[PageRequest]) -> None:
    async def ask() -> None:
        await ledger.schedule(wanted)

    asyncio.run(ask())


def test_lease_gives_the_first_found_of_the_highest_priority_once(database_url: str, stack: ExitStack) -> None:
    ledger = join(stack, database_url, "run-1")
    plain, urgent = of_hosts("one", each=4), PageRequest("u", "https://one.example/u", "https://one.example/u", {}, 5)
    schedule(ledger, [*plain, urgent])
    assert leased(ledger, 3) == ["u", "one.example/0", "one.example/1"]
    assert leased(ledger) == ["one.example/2", "one.example/3"]
    assert leased(ledger) == []
    ledger.finish("shutdown", {})


def test_what_was_leased_and_not_read_is_given_out_again_when_the_run_is_taken_up(
    database_url: str, stack: ExitStack
) -> None:
    first = join(stack, database_url, "run-1")
    schedule(first, of_hosts("one", each=2))
    assert leased(first) == ["one.example/0", "one.example/1"]
    first.finish("shutdown", {})
    second = join(stack, database_url, "run-2")
    assert (second.run.run_id, second.taken_up) == ("run-1", True)
    assert leased(second) == ["one.example/0", "one.example/1"]
    assert second.finish("finished", {}) == "incomplete"
    with second.engine.begin() as connection:
        assert connection.scalars(select(pages.c.attempts)).all() == [2, 2]
        connection.execute(update(pages).values(state="done"))
    assert join(stack, database_url, "run-3").finish("finished", {}) == "finished"
    with pytest.raises(FinishedError, match="run run-1 has read all of demo_store"):
        join(stack, database_url, "run-4")
    anew = join(stack, database_url, "run-5", again=True)
    assert (anew.run.run_id, anew.taken_up) == ("run-5", False)
    anew.finish("finished", {})


def test_two_workers_share_the_hosts_and_give_back_what_is_too_much(postgresql_database: str, stack: ExitStack) -> None:
    one = join(stack, postgresql_database, "run-1")
    schedule(one, of_hosts("one", "two"))
    assert leased(one, 2) == ["one.example/0", "two.example/0"]
    two = join(stack, postgresql_database, "run-2")
    assert two.run.run_id == "run-1"
    # Both hosts are in the first one's hands until it has read what it holds of one.
    assert leased(two) == []
    with one.engine.begin() as connection:
        connection.execute(update(pages).where(pages.c.page_id == "two.example/0").values(state="done"))
    assert leased(one, 1) == ["one.example/1"]
    assert leased(two) == ["two.example/1", "two.example/2"]
    one.leave()
    assert leased(two) == ["one.example/0", "one.example/1", "one.example/2"]
    two.finish("shutdown", {})
    one.finish("shutdown", {})


def test_a_host_that_somebody_died_with_is_given_out_again(postgresql_database: str, stack: ExitStack) -> None:
    one, two = (join(stack, postgresql_database, run_id) for run_id in ("run-1", "run-2"))
    schedule(one, of_hosts("one", "two", each=1))
    with one.engine.begin() as connection:
        connection.execute(insert(hosts).values(host="one.example", worker_id="of a dead crawl of another site"))
    assert {*leased(one), *leased(two)} == {"one.example/0", "two.example/0"}
    one.leave()
    two.finish("shutdown", {})


def test_a_second_process_is_refused_on_sqlite(tmp_path: object, stack: ExitStack) -> None:
    first = join(stack, f"sqlite:///{tmp_path}/f.db", "run-1")
    for again in (False, True):
        with pytest.raises(StoreError, match=r"^process \d+ on .* is reading demo_store \(run run-1\): wait for it"):
            join(stack, f"sqlite:///{tmp_path}/f.db", "run-2", again=again)
    first.finish("shutdown", {})
