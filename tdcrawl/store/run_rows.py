"""What one run kept, and what failed in it."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Table, select

from tdcrawl.store.tables import failed_records, records

_STREAMED = {"yield_per": 1_000}


def run_records(connection: Connection, run_id: str) -> Iterator[Mapping[str, Any]]:
    """Stream the records that a run wrote, by id."""
    return _stream(connection, records, run_id)


def run_failures(connection: Connection, run_id: str) -> Iterator[Mapping[str, Any]]:
    """Stream the failed records of a run, by id."""
    return _stream(connection, failed_records, run_id)


def _stream(connection: Connection, table: Table, run_id: str) -> Iterator[Mapping[str, Any]]:
    query = select(table).where(table.c.run_id == run_id).order_by(*table.primary_key)
    for row in connection.execute(query, execution_options=_STREAMED).mappings():
        yield dict(row)
