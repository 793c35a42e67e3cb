"""What there is to freeze: the records of a type, and what the ledger tells of their way here."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from tdcrawl.outcomes import Bucket
from tdcrawl.store.label_figures import audited
from tdcrawl.store.origins import origins
from tdcrawl.store.tables import outcomes, records

_FETCHED_AT_ONCE = 1_000


class Key(NamedTuple):
    """Name what decides where a record goes: its split by site and group, its seat by label."""

    record_id: str
    site: str
    group_key: str
    label: str


def keys(connection: Connection, record_type: str) -> Iterator[Key]:
    """Stream the keys of all records of a type, in no particular order."""
    wanted = select(*(records.c[name] for name in Key._fields))
    return map(Key._make, _stream(connection, wanted, record_type))


def torn_clusters(connection: Connection, record_type: str) -> Iterator[tuple[str, str, str]]:
    """Stream (cluster id, site, group key) of the clusters that hold more than one record."""
    shared = select(records.c.cluster_id).group_by(records.c.cluster_id).having(func.count() > 1)
    wanted = select(records.c.cluster_id, records.c.site, records.c.group_key).where(records.c.cluster_id.in_(shared))
    return (tuple(row) for row in _stream(connection, wanted, record_type))


def stored_records(connection: Connection, record_type: str) -> Iterator[dict[str, Any]]:
    """Stream all records of a type."""
    return (row._asdict() for row in _stream(connection, select(records), record_type))


def provenance(connection: Connection, record_type: str) -> dict[str, Any]:
    """Tell where the records of a type come from, who labelled them, and what became of all items, in JSON values."""
    return {
        "sources": _sources(connection, record_type),
        "label_sources": _label_sources(connection, record_type),
        "audits": audited(connection, record_type),
        "ledger": ledger_counts(connection, record_type),
        **origins(connection, record_type),
    }


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
