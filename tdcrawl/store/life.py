"""A run's sign of life: a lock that the kernel, or the database server, takes back when the run's process is gone."""

import fcntl
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

from sqlalchemy import Connection, Engine, text

# Beside the lock of the one writer (store/engine.py); any number will do.
_RUNS = 0x7DC1


def show_life(engine: Engine, run_id: str) -> Callable[[], None]:
    """Take a run's lock, before its row is there for others to see; returns what gives the lock back."""
    if engine.dialect.name == "postgresql":
        return _hold_session(engine, run_id)
    return _hold_file(_path(engine, run_id))


def renew(engine: Engine, run_id: str, end: Callable[[], None]) -> Callable[[], None]:
    """Take a lock again that went with the session that held it; a file's lock does not go with the database."""
    if engine.dialect.name != "postgresql":
        return end
    end()
    return _hold_session(engine, run_id)


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


def _hold_session(engine: Engine, run_id: str) -> Callable[[], None]:
    # A connection of its own: the lock is the session's, and ends with it.
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.execute(text("SELECT pg_advisory_lock(:kind, :run)"), _key(run_id))

    def end() -> None:
        connection.invalidate()
        connection.close()

    return end


def _hold_file(path: Path) -> Callable[[], None]:
    file = path.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)

    def end() -> None:
        path.unlink(missing_ok=True)
        file.close()

    return end


def _key(run_id: str) -> dict[str, int]:
    return {"kind": _RUNS, "run": crc32(run_id.encode()) - 2**31}


def _path(engine: Engine, run_id: str) -> Path:
    return Path(f"{engine.url.database}.{run_id}.alive")
