"""The feeder keeps a crawl in pages, and ends it once there are none: also where they could not be asked for."""

import asyncio
from collections.abc import Iterator

import pytest

from tdcrawl.errors import StoreError
from tdcrawl.feeding import Feeder
from tdcrawl.store.frontier import Lease
from tdcrawl.store.rows import PageRequest


class Frontier:
    """Answer a feeder with what a test says, look by look: pages, or an error; then with nothing."""

    def __init__(self, *answers: Lease | Exception) -> None:
        self._answers: Iterator[Lease | Exception] = iter(answers)
        self.read: list[str] = []
        self.stopped: list[tuple[str, str | None]] = []
        self.feeder = Feeder(4, self._lease, lambda page: self.read.append(page.page_id), self._stop)

    async def _lease(self, number: int) -> Lease:
        answer = next(self._answers, Lease([]))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _stop(self, reason: str, message: str | None) -> None:
        self.stopped.append((reason, message))


def lease(*names: str, more: bool = False) -> Lease:
    return Lease([PageRequest(name, url, url) for name in names for url in [f"https://shop.example/{name}"]], more=more)


async def looked() -> None:
    """Let the feeder have its answer."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


def test_lease_that_failed_is_tried_again_once_a_page_has_ended(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> Frontier:
        frontier = Frontier(lease("a"), ValueError("odd"), lease("b"))
        frontier.feeder.feed()
        await looked()
        frontier.feeder.ended("a")
        await looked()
        return frontier

    frontier = asyncio.run(scene())
    assert (frontier.read, frontier.stopped) == (["a", "b"], [])
    assert "odd" in caplog.text


def test_crawl_ends_where_leases_fail_and_no_page_is_left_that_would_ask_again() -> None:
    async def scene() -> Frontier:
        frontier = Frontier(lease("a"), *[ValueError("odd")] * 9)
        frontier.feeder.feed()
        await looked()
        assert not frontier.feeder.is_done()
        await looked()
        frontier.feeder.ended("a")
        await looked()
        return frontier

    # Its run has pages left, which makes it `incomplete`.
    assert asyncio.run(scene()).stopped == [("finished", None)]


def test_worker_that_waited_for_others_does_not_wait_on_where_its_next_look_fails() -> None:
    async def scene() -> bool:
        frontier = Frontier(lease(more=True), ValueError("odd"))
        frontier.feeder.feed()
        await looked()
        assert not frontier.feeder.is_done()
        # As the timer does.
        frontier.feeder.feed()
        await looked()
        frontier.feeder.close()
        return frontier.feeder.is_done() and frontier.stopped == [("finished", None)]

    assert asyncio.run(scene())


def test_crawl_stops_where_the_database_is_gone() -> None:
    async def scene() -> Frontier:
        frontier = Frontier(StoreError("gone"))
        frontier.feeder.feed()
        await looked()
        return frontier

    assert asyncio.run(scene()).stopped == [("sink_unavailable", "gone")]
