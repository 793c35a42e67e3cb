"""What one run kept, and what failed in it."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table, select

from tdcrawl.outcomes import PageState
from tdcrawl.store.tables import failed_records, pages, records

_STREAMED = {"yield_per": 1_000}


def run_records(connection: Connection, run_id: str) -> Iterator[Mapping[str, Any]]:
    """Stream the records that a run wrote, by id."""
    return _stream(connection, records, run_id)


def run_failures(connection: Connection, run_id: str) -> Iterator[Mapping[str, Any]]:
    """Stream the failed records of a run, by id."""
    return _stream(connection, failed_records, run_id)


def failed_pages(engine: Engine, run_id: str, most: int) -> list[dict[str, Any]]:
    """List the first pages, at most so many, that failed in a run: `url`, `reason` and `detail`."""
    query = (
        select(pages.c.url, pages.c.reason, pages.c.detail)
        .where(pages.c.run_id == run_id, pages.c.state == PageState.FAILED)
        .order_by(pages.c.scheduled_at, pages.c.page_id)
        .limit(most)
    )
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _stream(connection: Connection, table: Table, run_id: str) -> Iterator[Mapping[str, Any]]:
    query = select(table).where(table.c.run_id == run_id).order_by(*table.primary_key)
    for row in connection.execute(query, execution_options=_STREAMED).mappings():
        yield dict(row)
