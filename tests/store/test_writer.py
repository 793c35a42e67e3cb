"""The writer: in the order of the queue, all of it before it closes, and deaf to who waits no more."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event

import psycopg
import pytest
from sqlalchemy import Connection, text

from tdcrawl.store.engine import open_engine, writing
from tdcrawl.store.writer import Writer


class Scene:
    """Hold the writer back until so many writes wait behind the first, then note what it was given."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine(f"sqlite:///{folder}/writer.db")
        self.writer = Writer(partial(writing, self.engine))
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


class Crossing:
    """Hold row 2 in a session of another program's, which wants row 1 once the writer has it."""

    def __init__(self, database_url: str) -> None:
        self.engine = open_engine(database_url)
        self.tries: list[list[str]] = []
        self._watch = psycopg.connect(database_url, autocommit=True)
        self._watch.execute("CREATE TABLE counted AS SELECT id, 0 AS writes FROM generate_series(1, 2) AS id")
        self._other = psycopg.connect(database_url)
        # It never looks for a deadlock: the one that is broken off is the writer.
        self._other.execute("SET deadlock_timeout = '1h'")
        self._other.execute("UPDATE counted SET writes = writes + 100 WHERE id = 2")
        self._pool = ThreadPoolExecutor()
        self.crossed: Future[None] | None = None

    def work(self, connection: Connection, arguments: list[str]) -> list[str]:
        """Write to row 1, and to row 2 when the other waits for row 1."""
        self.tries.append(arguments)
        connection.execute(text("SET LOCAL deadlock_timeout = '1ms'"))
        connection.execute(text("UPDATE counted SET writes = writes + 1 WHERE id = 1"))
        if self.crossed is None:
            self.crossed = self._pool.submit(self._cross)
            while not self._other_waits():
                pass
        connection.execute(text("UPDATE counted SET writes = writes + 1 WHERE id = 2"))
        return arguments

    def close(self) -> list[int]:
        """End all; how often each row was written."""
        writes = [number for (number,) in self._watch.execute("SELECT writes FROM counted ORDER BY id")]
        self._pool.shutdown()
        for opened in (self._watch, self._other):
            opened.close()
        self.engine.dispose()
        return writes

    def _cross(self) -> None:
        self._other.execute("UPDATE counted SET writes = writes + 100 WHERE id = 1")
        self._other.commit()

    def _other_waits(self) -> bool:
        found = self._watch.execute(
            "SELECT FROM pg_locks WHERE pid = %s AND NOT granted", [self._other.info.backend_pid]
        )
        return found.fetchone() is not None


def test_writes_that_were_broken_off_as_a_deadlock_are_committed_once(postgresql_database: str) -> None:
    crossing = Crossing(postgresql_database)
    writer = Writer(partial(writing, crossing.engine), patience=60)

    async def submit() -> list[str]:
        return list(await asyncio.gather(*(writer.submit(crossing.work, name) for name in ("a", "b"))))

    assert asyncio.run(submit()) == ["a", "b"]
    writer.close()
    assert crossing.tries == [["a", "b"], ["a", "b"]]
    assert crossing.close() == [101, 101]
