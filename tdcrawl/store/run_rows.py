"""What one run kept, and what failed in it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, select

from tdcrawl.outcomes import PageState
from tdcrawl.store.tables import failed_records, outcomes, pages, records

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


def run_reasons(engine: Engine, run_id: str) -> dict[str, dict[str, int]]:
    """Count the items of a run that are no records, by bucket and reason, as they stand."""
    count = func.count()
    query = select(outcomes.c.bucket, outcomes.c.reason, count).where(
        outcomes.c.run_id == run_id, outcomes.c.reason.is_not(None)
    )
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    with engine.connect() as connection:
        grouped = query.group_by(outcomes.c.bucket, outcomes.c.reason).order_by(outcomes.c.bucket, outcomes.c.reason)
        for bucket, reason, number in connection.execute(grouped):
            found[bucket][reason] = number
    return dict(found)


def _stream(connection: Connection, table: Table, run_id: str) -> Iterator[Mapping[str, Any]]:
    query = select(table).where(table.c.run_id == run_id).order_by(*table.primary_key)
    for row in connection.execute(query, execution_options=_STREAMED).mappings():
        yield dict(row)
