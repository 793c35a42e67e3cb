"""The database in a file: how SQLite is told to keep it."""

from typing import Any

from sqlalchemy import Connection, Engine, event

from tdcrawl.errors import StoreError


def prepare(engine: Engine) -> None:
    """Have each connection of an engine keep the file as we do, and each transaction begin as it says it will be."""
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def compact(engine: Engine) -> bool:
    """Rewrite a SQLite file, so that nothing deleted is left in it; says whether its log could be cut too.

    A PostgreSQL server does so by itself, in its own time. Raises StoreError.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("VACUUM")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.close()
    except engine.dialect.loaded_dbapi.Error as error:
        raise StoreError(
            f"what was deleted may still be in the database file, it cannot be rewritten: {error}"
        ) from error
    finally:
        connection.close()
    return not busy


def _on_connect(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, too late and never IMMEDIATE: _on_begin does it.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # In WAL mode NORMAL survives any crash of the process; only a power cut may cost the last commits.
    connection.execute("PRAGMA synchronous = NORMAL")
    # Keys are digests, so the items of one page change a hundred blocks all over the file, and those of the next one
    # the same again: what is in the log goes there every 64 MiB. SQLite's own 4 MiB are six pages of a shop.
    connection.execute("PRAGMA wal_autocheckpoint = 16384")


def _on_begin(connection: Connection) -> None:
    # IMMEDIATE takes the write lock first: a reader that turns writer midway would fail as "locked" at once.
    writing_now = connection.get_execution_options().get("tdcrawl_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing_now else "BEGIN")
