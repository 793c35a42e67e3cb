"""A run's sign of life: a lock that the kernel, or the database server, takes back when the run's process is gone."""

import fcntl
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from zlib import crc32

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

# Beside the lock of the one writer (store/engine.py); any number will do.
_RUNS = 0x7DC1


class Life(Protocol):
    """Show that the process of a run is alive, until `end`."""

    def is_lost(self) -> bool:
        """Say whether others take the process for dead, as the lock went with its session."""

    def renew(self) -> None:
        """Take the lock again."""

    def end(self) -> None:
        """Give the lock back."""


def show_life(engine: Engine, run_id: str) -> Life:
    """Take a run's lock, before its row is there for others to see."""
    return (_Session if engine.dialect.name == "postgresql" else _File)(engine, run_id)


def is_alive(connection: Connection, run_id: str) -> bool:
    """Say whether the process of a run without an end is still there; call it in a transaction."""
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
    """Hold the lock by a connection of its own: it ends with that, whatever ends it."""

    def __init__(self, engine: Engine, run_id: str) -> None:
        self._engine, self._run_id = engine, run_id
        self._connection = self._lock()

    def is_lost(self) -> bool:
        try:
            self._connection.scalar(text("SELECT 1"))
        except DBAPIError:
            return True
        return False

    def renew(self) -> None:
        self.end()
        self._connection = self._lock()

    def end(self) -> None:
        # A server takes its time to see that a session has ended, and would call us alive meanwhile.
        with suppress(DBAPIError):
            if not self._connection.invalidated:
                self._connection.execute(text("SELECT pg_advisory_unlock(:kind, :run)"), _key(self._run_id))
        self._connection.invalidate()
        self._connection.close()

    def _lock(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("SELECT pg_advisory_lock(:kind, :run)"), _key(self._run_id))
        return connection


class _File:
    """Hold the lock by a file beside the database, which does not go with it."""

    def __init__(self, engine: Engine, run_id: str) -> None:
        self._path = _path(engine, run_id)
        self._file = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def is_lost(self) -> bool:
        return False

    def renew(self) -> None:
        pass

    def end(self) -> None:
        self._path.unlink(missing_ok=True)
        self._file.close()


def _key(run_id: str) -> dict[str, int]:
    return {"kind": _RUNS, "run": crc32(run_id.encode()) - 2**31}


def _path(engine: Engine, run_id: str) -> Path:
    return Path(f"{engine.url.database}.{run_id}.alive")
