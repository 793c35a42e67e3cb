"""A run's sign of life: a lock that the kernel, or the database server, takes back when the run's process is gone."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol
from zlib import crc32

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from tdcrawl.store.engine import alone

# Beside the lock of the one writer (store/engine.py); any number will do.
_RUNS = 0x7DC1
# What a session's `info` holds of whose life it shows.
_SHOWS = "tdcrawl_shows"


class Life(Protocol):
    """Show that the process of a run is alive, until `end`."""

    def writing(self) -> AbstractContextManager[Connection]:
        """Open the only writing transaction there is, as `store/engine.py` does; it commits only while life is shown.

        Where the sign was lost it is given again, and `renewed` is called first.
        """

    def end(self) -> None:
        """Give the lock back."""


def show_life(engine: Engine, run_id: str, renewed: Callable[[Connection], None] = lambda _: None) -> Life:
    """Take a run's lock, before its row is there for others to see.

    `renewed` is told once it had to be taken again: others may have found the process dead meanwhile. It may raise.
    """
    if engine.dialect.name == "postgresql":
        return _Session(engine, run_id, renewed)
    return _File(engine, run_id)


def is_alive(connection: Connection, run_id: str) -> bool:
    """Say whether the process of a run without an end is still there; call it in a transaction."""
    if connection.info.get(_SHOWS) == run_id:
        return True  # A session is given its own lock again and again.
    if connection.dialect.name == "postgresql":
        free = text("SELECT pg_try_advisory_xact_lock(:kind, :run)")
        return not connection.scalar(free, _key(run_id))
    path = _path(connection.engine, run_id)
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


class _Session:
    """Hold the lock by the session that writes: with it ends whatever was not committed."""

    def __init__(self, engine: Engine, run_id: str, renewed: Callable[[Connection], None]) -> None:
        self._engine, self._run_id, self._renewed = engine, run_id, renewed
        self._connection, self._is_known = self._lock(), True

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with ExitStack() as transaction:
            if not self._begins(transaction):
                self.end()
                self._connection, self._is_known = self._lock(), False
                transaction.enter_context(alone(self._connection))
            if not self._is_known:
                self._renewed(self._connection)
                self._is_known = True
            yield self._connection

    def end(self) -> None:
        if self._connection.closed:
            return  # The server went, and did not come back.
        # A server takes its time to see that a session has ended, and would call us alive meanwhile.
        with suppress(DBAPIError):
            if not self._connection.invalidated:
                with self._connection.begin():
                    self._connection.execute(text("SELECT pg_advisory_unlock(:kind, :run)"), _key(self._run_id))
        self._connection.invalidate()
        self._connection.close()

    def _begins(self, transaction: ExitStack) -> bool:
        """Begin a transaction, unless the session is gone."""
        if self._connection.closed or self._connection.invalidated:
            return False
        try:
            transaction.enter_context(alone(self._connection))
        except DBAPIError as error:
            if error.connection_invalidated:
                return False
            raise
        return True

    def _lock(self) -> Connection:
        connection = self._engine.connect()
        with connection.begin():
            connection.execute(text("SELECT pg_advisory_lock(:kind, :run)"), _key(self._run_id))
        connection.info[_SHOWS] = self._run_id
        return connection


class _File:
    """Hold the lock by a file beside the database, which does not go with it."""

    def __init__(self, engine: Engine, run_id: str) -> None:
        self._path = _path(engine, run_id)
        self._file = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._connection = engine.connect()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with alone(self._connection):
            yield self._connection

    def end(self) -> None:
        self._connection.close()
        self._path.unlink(missing_ok=True)
        self._file.close()


def _key(run_id: str) -> dict[str, int]:
    return {"kind": _RUNS, "run": crc32(run_id.encode()) - 2**31}


def _path(engine: Engine, run_id: str) -> Path:
    return Path(f"{engine.url.database}.{run_id}.alive")
