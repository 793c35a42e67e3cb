"""Writing off the reactor's thread: what has gathered is one transaction; a bad write does not take others along."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from queue import Empty, SimpleQueue
from threading import Thread
from time import sleep
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_fixed

from tdcrawl import faults
from tdcrawl.errors import LostError, StoreError
from tdcrawl.store.engine import reachable

logger = logging.getLogger(__name__)

MAX_BATCH = 500
_SECONDS_BETWEEN_TRIES = 0.5
# The items of a page come within milliseconds, and each statement costs as much as the rows of ten items: they are
# waited for. Not for longer, or the next page to read would be late: with 20 ms a crawl was a tenth slower.
_GATHER_SECONDS = 0.005
_A = TypeVar("_A")
_T = TypeVar("_T")


class _Write(NamedTuple):
    work: Callable[[Connection, list[Any]], Sequence[Any]]
    argument: Any
    result: asyncio.Future[Any]

    def answer(self, value: Any) -> None:
        """Hand a value or an exception to the waiting side, in its own thread."""
        if self.result.done():
            return
        if isinstance(value, BaseException):
            self.result.set_exception(value)
        else:
            self.result.set_result(value)


class Writer:
    """Run writes in the order they were submitted, on one thread, as many to a transaction as have gathered.

    `writing` opens each transaction. Where the database is gone it is waited for, `patience` seconds at most, once.
    """

    def __init__(self, writing: Callable[[], AbstractContextManager[Connection]], patience: float = 0) -> None:
        self._writing = writing
        self._gave_up = False
        self._retrying = Retrying(
            retry=retry_if_exception(self._is_worth_waiting), wait=wait_fixed(_SECONDS_BETWEEN_TRIES),
            stop=stop_after_delay(patience), before_sleep=_tell, reraise=True,
        )  # fmt: skip
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(
        self, work: Callable[[Connection, list[_A]], Sequence[_T | Exception]], argument: _A
    ) -> asyncio.Future[_T]:
        """Queue an argument for some work; the future has its result once it is committed.

        Work gets all arguments that stand next to each other in the queue at once, and returns a result for each: so
        what comes in masses is written in masses. The future raises what the work raised, which undoes it, or
        returned as an exception, which does not; or StoreError where the database is gone.
        """
        result: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Write(work, argument, result))
        return result

    def close(self) -> None:
        """Finish all that was submitted, then stop the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            sleep(_GATHER_SECONDS)
            batch = [first]
            while len(batch) < MAX_BATCH and (write := self._waiting()) is not None:
                batch.append(write)
            self._commit(batch)

    def _waiting(self) -> _Write | None:
        try:
            write = self._queue.get_nowait()
        except Empty:
            return None
        if write is None:
            self._queue.put(None)
        return write

    def _commit(self, batch: list[_Write]) -> None:
        try:
            values = self._write(batch)
        except StoreError as gone:
            self._gave_up = True
            self._answer(batch, [gone] * len(batch))
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever asked for the write must hear of it
            if len(batch) == 1:
                self._answer(batch, [error])
                return
            middle = len(batch) // 2
            self._commit(batch[:middle])
            self._commit(batch[middle:])
        else:
            self._answer(batch, values)

    def _is_worth_waiting(self, error: BaseException) -> bool:
        return isinstance(error, StoreError) and not isinstance(error, LostError) and not self._gave_up

    def _write(self, batch: list[_Write]) -> list[Any]:
        for attempt in self._retrying:
            with attempt, reachable(), self._writing() as connection:
                values = [value for work, group in _grouped(batch) for value in work(connection, group)]
                faults.point("before_commit")
        faults.point("after_commit")
        return values

    def _answer(self, batch: list[_Write], values: list[Any]) -> None:
        def answer() -> None:
            for write, value in zip(batch, values, strict=True):
                write.answer(value)

        batch[0].result.get_loop().call_soon_threadsafe(answer)


def _tell(state: RetryCallState) -> None:
    if state.attempt_number == 1 and state.outcome is not None:
        logger.warning("%s; the crawl waits for it", state.outcome.exception())


def _grouped(batch: list[_Write]) -> Iterator[tuple[Callable[[Connection, list[Any]], Sequence[Any]], list[Any]]]:
    for work, neighbours in groupby(batch, key=lambda write: write.work):
        yield work, [write.argument for write in neighbours]
