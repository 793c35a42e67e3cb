"""What there is to freeze: the records of a type, and what the ledger tells of their way here."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_

from tdcrawl.outcomes import Bucket, PageReason
from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.label_figures import audited
from tdcrawl.store.tables import outcomes, pages, records

_FETCHED_AT_ONCE = 1_000
_UNUSED = {"record_type", "run_id", "page_id", "requested_url", "content_hash", "stratum"}
_TRAINED_ON = [column for column in records.c if column.name not in _UNUSED]
"""What a training row is made of."""


def keys(connection: Connection, record_type: str) -> Iterator[dict[str, Any]]:
    """Stream what decides where each record of a type goes: its id, site, group key and label."""
    wanted = select(records.c.record_id, records.c.site, records.c.group_key, records.c.label)
    return _named(connection, wanted, record_type)


def groups(connection: Connection, record_type: str) -> Iterator[tuple[str, str, str, int]]:
    """Stream (site, group key, label, number of records) of all records of a type."""
    named = records.c.site, records.c.group_key, records.c.label
    return map(tuple, _stream(connection, select(*named, func.count()).group_by(*named), record_type))


def torn_clusters(connection: Connection, record_type: str) -> Iterator[tuple[str, str, str]]:
    """Stream (cluster id, site, group key) of the clusters that hold more than one record."""
    return _shared(connection, record_type, records.c.cluster_id)


def busy_authors(connection: Connection, record_type: str, field: str) -> Iterator[tuple[str, str, str]]:
    """Stream (author, site, group key) of the authors of more than one record; `field` of a record names its author."""
    return _shared(connection, record_type, records.c.data[field].as_string())


def _shared(connection: Connection, record_type: str, thing: ColumnElement[str]) -> Iterator[tuple[str, str, str]]:
    mine = records.c.record_type == record_type
    several = select(thing).where(mine, thing.is_not(None)).group_by(thing).having(func.count() > 1)
    wanted = select(thing, records.c.site, records.c.group_key).where(thing.in_(several)).distinct()
    return map(tuple, _stream(connection, wanted, record_type))


def earlier_splits(connection: Connection, version: str) -> Iterator[tuple[str, str, str]]:
    """Stream (site, group key, split) of the records that are in a frozen version."""
    wanted = select(records.c.site, records.c.group_key, dataset_rows.c.split).distinct()
    joined = wanted.join(dataset_rows, dataset_rows.c.record_id == records.c.record_id)
    return map(tuple, connection.execute(joined.where(dataset_rows.c.version == version)))


def stored_records(connection: Connection, record_type: str) -> Iterator[dict[str, Any]]:
    """Stream all records of a type by their id."""
    return _named(connection, select(*_TRAINED_ON).order_by(records.c.record_id), record_type)


def provenance(connection: Connection, record_type: str) -> dict[str, Any]:
    """Tell where the records of a type come from, who labelled them, and what became of all items, in JSON values."""
    return {
        "sources": _sources(connection, record_type),
        "label_sources": _label_sources(connection, record_type),
        "audits": audited(connection, record_type),
        "ledger": ledger_counts(connection, record_type),
    }


def opted_out(connection: Connection, record_type: str) -> int:
    """Count the records of a type whose page was refused to us when it was last asked for."""
    asked = select(pages.c.canonical_url, func.max(pages.c.finished_at)).group_by(pages.c.canonical_url)
    refused = pages.c.reason == PageReason.ROBOTS_DISALLOWED
    now = select(pages.c.canonical_url).where(refused, tuple_(pages.c.canonical_url, pages.c.finished_at).in_(asked))
    where = records.c.record_type == record_type, records.c.canonical_url.in_(now)
    return connection.scalar(select(func.count()).where(*where)) or 0


def ledger_counts(connection: Connection, record_type: str) -> dict[str, int]:
    """Count the items of a type by bucket, duplicates, failures and surplus also by reason (`failed/too_short`)."""
    query = select(outcomes.c.bucket, outcomes.c.reason, func.count()).where(outcomes.c.record_type == record_type)
    counts = dict.fromkeys(Bucket, 0)
    by_reason = {}
    for bucket, reason, number in connection.execute(query.group_by(outcomes.c.bucket, outcomes.c.reason)):
        counts[Bucket(bucket)] += number
        if reason:
            by_reason[f"{bucket}/{reason}"] = number
    return {bucket.value: number for bucket, number in counts.items()} | dict(sorted(by_reason.items()))


def _named(connection: Connection, query: Select[Any], record_type: str) -> Iterator[dict[str, Any]]:
    names = [column.name for column in query.selected_columns]
    # A third of the time of what SQLAlchemy has for it.
    return (dict(zip(names, row, strict=True)) for row in _stream(connection, query, record_type))


def _stream(connection: Connection, query: Select[Any], record_type: str) -> Iterator[Any]:
    query = query.where(records.c.record_type == record_type)
    yield from connection.execute(query, execution_options={"yield_per": _FETCHED_AT_ONCE})


def _sources(connection: Connection, record_type: str) -> dict[str, dict[str, Any]]:
    at = records.c.scraped_at
    query = select(records.c.site, func.count(), func.min(at), func.max(at)).where(records.c.record_type == record_type)
    return {
        site: {"records": number, "scraped_from": first.isoformat(), "scraped_to": last.isoformat()}
        for site, number, first, last in sorted(connection.execute(query.group_by(records.c.site)))
    }


def _label_sources(connection: Connection, record_type: str) -> dict[str, int]:
    query = select(records.c.label_source, func.count()).where(records.c.record_type == record_type)
    return dict(sorted(connection.execute(query.group_by(records.c.label_source))))
