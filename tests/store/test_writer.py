"""The writer: in the order of the queue, all of it before it closes, and deaf to who waits no more."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection

from tdcrawl.store.engine import open_engine
from tdcrawl.store.writer import Writer


class Scene:
    """Hold the writer back until so many writes wait behind the first, then note what it was given."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine(f"sqlite:///{folder}/writer.db")
        self.writer = Writer(self.engine)
        self.waiting = 0
        self.calls: list[tuple[str, list[str]]] = []
        self._held = Event()

    def hold(self, waiting: int) -> "asyncio.Future[str]":
        """Return once the writer is at work on a write that lasts until so many others wait."""
        self.waiting = waiting
        held = self.writer.submit(self._gate, "held")
        self._held.wait()
        return held

    def _gate(self, connection: Connection, arguments: list[str]) -> list[str]:
        self._held.set()
        while self.writer._queue.qsize() < self.waiting:
            pass
        return arguments

    def one(self, connection: Connection, arguments: list[str]) -> list[str]:
        """Give each argument back."""
        self.calls.append(("one", arguments))
        return arguments

    def other(self, connection: Connection, arguments: list[str]) -> list[str]:
        """Give each argument back."""
        self.calls.append(("other", arguments))
        return arguments


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Open a writer on an empty database."""
    opened = Scene(tmp_path)
    yield opened
    opened.engine.dispose()


def test_submit_when_kinds_of_work_alternate_keeps_their_order(scene: Scene) -> None:
    async def submit() -> list[str]:
        held = scene.hold(4)
        work = [(scene.other, "a"), (scene.other, "b"), (scene.one, "c"), (scene.other, "d")]
        return list(await asyncio.gather(held, *(scene.writer.submit(kind, name) for kind, name in work)))

    assert asyncio.run(submit()) == ["held", "a", "b", "c", "d"]
    assert scene.calls == [("other", ["a", "b"]), ("one", ["c"]), ("other", ["d"])]
    scene.writer.close()


def test_submit_when_one_of_a_batch_waits_no_more_answers_the_others(scene: Scene) -> None:
    async def submit() -> str:
        scene.hold(2)
        gone, here = (scene.writer.submit(scene.one, name) for name in ("gone", "here"))
        gone.cancel()
        return await here

    assert asyncio.run(submit()) == "here"
    assert scene.calls == [("one", ["gone", "here"])]
    scene.writer.close()


def test_close_finishes_what_was_submitted(scene: Scene) -> None:
    async def submit() -> list[str]:
        futures = [scene.hold(3)]
        futures += [scene.writer.submit(scene.one, name) for name in ("a", "b")]
        scene.writer.close()
        return list(await asyncio.gather(*futures))

    assert asyncio.run(submit()) == ["held", "a", "b"]
