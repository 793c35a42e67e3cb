"""Give each measured run a database of its own, that nobody else's figures or rows are in."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url

from tdcrawl.store.engine import open_engine
from tests.services import postgresql_server


@contextmanager
def fresh_database(server: str | None, folder: Path) -> Iterator[str]:
    """Give the URL of an empty database while the context lasts: a SQLite file in a folder, or one on a server.

    `server` is the URL of any PostgreSQL database whose user may create others; none of its tables is touched.
    """
    if server is None:
        yield _at_newest_schema(f"sqlite:///{folder / 'tdcrawl.db'}")
        return
    address = make_url(server).set(drivername="postgresql+psycopg")
    name = f"tdcrawl_bench_{uuid.uuid4().hex[:12]}"
    _administer(address, f"CREATE DATABASE {name}")
    try:
        yield _at_newest_schema(address.set(database=name).render_as_string(hide_password=False))
    finally:
        _administer(address, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def server(url: str | None) -> Iterator[str]:
    """Give the URL of a PostgreSQL server while the context lasts: the one that was named, or one of our own."""
    if url is not None:
        yield url
        return
    with postgresql_server() as own:
        yield own


@contextmanager
def reading(database_url: str) -> Iterator[Engine]:
    """Open a database for a look at what a run left in it."""
    engine = open_engine(database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _at_newest_schema(database_url: str) -> str:
    # Building the schema belongs to no run's time.
    open_engine(database_url).dispose()
    return database_url


def _administer(address: URL, statement: str) -> None:
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
