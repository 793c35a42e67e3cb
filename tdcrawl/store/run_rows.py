"""What one run kept, and what failed in it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, select

from tdcrawl.outcomes import Bucket, PageReason, PageState
from tdcrawl.store.tables import failed_records, outcomes, pages, records, runs

_STREAMED = {"yield_per": 1_000}


def run_records(connection: Connection, run_id: str) -> Iterator[Mapping[str, Any]]:
    """Stream the records that a run wrote, by id."""
    return _stream(connection, records, run_id)


def type_of_run(engine: Engine, run_id: str) -> str | None:
    """Name the record type of a run; None where there is no such run."""
    with engine.connect() as connection:
        return connection.scalar(select(runs.c.record_type).where(runs.c.run_id == run_id))


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


def so_far(engine: Engine, run_id: str) -> dict[str, int]:
    """Count what was done for a run so far, by whichever process, under the names of its stats; none without pages."""
    with engine.connect() as connection:
        by_bucket = _counted(connection, outcomes.c.bucket, outcomes.c.run_id == run_id)
        by_stratum = _counted(connection, records.c.stratum, records.c.run_id == run_id)
        by_state = _counted(connection, pages.c.state, pages.c.run_id == run_id)
        by_reason = _counted(connection, pages.c.state + "/" + pages.c.reason, pages.c.run_id == run_id)
        seen_again = connection.scalar(select(func.sum(pages.c.items_seen_again)).where(pages.c.run_id == run_id))
        on_lost = select(func.sum(pages.c.items_yielded + pages.c.items_seen_again)).where(
            pages.c.run_id == run_id, pages.c.reason == PageReason.FIELD_LOST
        )
        lost_field = connection.scalar(on_lost)
    if not by_state:
        return {}
    figures = {f"items/{bucket}": by_bucket.get(bucket, 0) for bucket in Bucket if bucket is not Bucket.PENDING}
    figures["items/yielded"] = sum(by_bucket.values())
    figures["items/seen_again"] = seen_again or 0
    figures["items/lost_field"] = lost_field or 0
    figures["pages/scheduled"] = sum(by_state.values())
    figures |= {f"pages/{state}": number for state, number in by_state.items() if state != PageState.PENDING}
    figures |= {f"pages/{reason}": number for reason, number in by_reason.items() if reason}
    figures |= {f"strata/{stratum}": number for stratum, number in by_stratum.items()}
    return {f"tdcrawl/{name}": number for name, number in figures.items()}


def _counted(connection: Connection, column: Any, where: Any) -> dict[str, int]:
    return dict(connection.execute(select(column, func.count()).where(where).group_by(column)).all())
