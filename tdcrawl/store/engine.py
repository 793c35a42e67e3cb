"""The way into the database: SQLite by default, PostgreSQL by URL, always at the newest schema."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError

from tdcrawl.errors import SettingError, StoreError
from tdcrawl.store import postgresql, sqlite

__all__ = [
    "Connection",
    "Engine",
    "alone",
    "create_schema",
    "open_engine",
    "reachable",
    "reading",
    "shown",
    "writing",
]

# Any number will do, as long as every process of ours takes the same one.
_WRITER_LOCK = text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=0x7DC0)
_BUSY_SECONDS = 30
_OPTIONS: dict[str, Any] = {
    # Parameters are what pages say: an error that quotes them would put them into the log.
    "hide_parameters": True,
    # Three times as fast as Python's own.
    "json_serializer": lambda value: to_json(value).decode(),
    "json_deserializer": from_json,
}


def open_engine(database_url: str) -> Engine:
    """Open the database at a URL, creating or upgrading its schema; raises SettingError or StoreError."""
    url = _driver_url(database_url)
    try:
        engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
        _upgrade(engine)
    except (DBAPIError, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(
            f"cannot use the database {url.render_as_string(hide_password=True)}: {str(cause).strip()}. "
            "Start it, or change TDCRAWL_DATABASE_URL (unset: SQLite under data/)"
        ) from error
    return engine


def shown(database_url: str) -> str:
    """Write a database URL without its password; raises SettingError where it is none."""
    return _driver_url(database_url).render_as_string(hide_password=True)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that is the only writing one: what it reads cannot change before it commits.

    SQLite has one writer anyway; on PostgreSQL an advisory lock gives the same, so that checks and inserts
    (content hash, quota seat) are one step for all processes and cannot deadlock.
    """
    with engine.connect() as connection, alone(connection):
        yield connection


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Open on a connection what `writing` opens on one of its own."""
    with connection.execution_options(tdcrawl_writing=True).begin():
        if connection.dialect.name == "postgresql":
            connection.execute(_WRITER_LOCK)
        yield


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that reads all as it stood at one moment, whatever others commit meanwhile."""
    # SQLite reads so anyway.
    level = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.connect().execution_options(**level) as connection, connection.begin():
        yield connection


def create_schema(connection: Connection) -> None:
    """Create all tables, with what protects them, where a connection creates tables."""
    with _migrations() as config:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def reachable() -> Iterator[None]:
    """Turn what drivers raise when the database goes away into a StoreError."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreError(f"the database is gone: {' '.join(str(error.orig).split())}") from error


def _driver_url(database_url: str) -> URL:
    try:
        url = make_url(database_url)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise SettingError(f"TDCRAWL_DATABASE_URL is no database URL: {error}") from error
    except ValueError:
        url = None
    if url is None or "@" in (url.host or ""):
        # What was taken for its port or host may be a password, which an error would quote.
        raise SettingError("TDCRAWL_DATABASE_URL: in a password write @ as %40, : as %3A, / as %2F")
    if backend not in {"sqlite", "postgresql"}:
        raise SettingError(f"TDCRAWL_DATABASE_URL: {backend!r} is not supported; use sqlite:///FILE or postgresql://…")
    return url.set(drivername="postgresql+psycopg") if backend == "postgresql" else url


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise SettingError("TDCRAWL_DATABASE_URL: SQLite needs a file, e.g. sqlite:///data/tdcrawl.db")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    connect_args = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=connect_args, **_OPTIONS)
    sqlite.prepare(engine)
    return engine


def _postgresql(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, **_OPTIONS)
    postgresql.prepare(engine)
    return engine


def _upgrade(engine: Engine) -> None:
    with _migrations() as config:
        newest = ScriptDirectory.from_config(config).get_current_head()
        with engine.connect() as connection:
            if MigrationContext.configure(connection).get_current_revision() == newest:
                return
    with writing(engine) as connection:
        create_schema(connection)


@contextmanager
def _migrations() -> Iterator[Config]:
    config = Config()
    with tempfile.TemporaryDirectory() as folder:
        scripts = _unpack(resources.files("tdcrawl.store.migrations"), Path(folder))
        config.set_main_option("script_location", str(scripts))
        yield config


def _unpack(scripts: Traversable, folder: Path) -> Path:
    """Give migration scripts as files, which Alembic wants: in an egg, as Scrapyd runs it, they are none."""
    if isinstance(scripts, Path):
        return scripts
    for script in scripts.iterdir():
        if script.is_dir():
            (folder / script.name).mkdir()
            _unpack(script, folder / script.name)
        else:
            (folder / script.name).write_bytes(script.read_bytes())
    return folder
