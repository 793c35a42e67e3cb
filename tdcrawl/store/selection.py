"""What there is to freeze: the records of a type, and what the ledger tells of their way here."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, Select, Text, cast, func, select

from tdcrawl.outcomes import Bucket, PageReason
from tdcrawl.store import left_out
from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.label_figures import audited
from tdcrawl.store.look_up import IDS, look_up
from tdcrawl.store.origins import origins
from tdcrawl.store.tables import outcomes, records

_FETCHED_AT_ONCE = 200
_UNREAD_AT_ONCE = 20_000
_UNUSED = {"record_type", "run_id", "page_id", "requested_url", "content_hash", "stratum"}
_TRAINED_ON = [column for column in records.c if column.name not in _UNUSED]
"""What a training row is made of."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Say which records are asked for: those of a type, but for what is left out of a version."""

    record_type: str
    version: str | None = None

    def condition(self, connection: Connection) -> ColumnElement[bool]:
        """Build what is true of these records alone."""
        return (records.c.record_type == self.record_type) & left_out.kept(connection, self.version)


def keys(connection: Connection, asked: Wanted) -> Iterator[dict[str, Any]]:
    """Stream what decides where each record goes: its id, site, group key and label."""
    wanted = select(records.c.record_id, records.c.site, records.c.group_key, records.c.label)
    return _named(connection, wanted, asked)


def groups(connection: Connection, asked: Wanted) -> Iterator[tuple[str, str, str, int]]:
    """Stream (site, group key, label, number of records) of all records."""
    named = records.c.site, records.c.group_key, records.c.label
    return map(tuple, _stream(connection, select(*named, func.count()).group_by(*named), asked))


def torn_clusters(connection: Connection, asked: Wanted) -> Iterator[tuple[str, str, str]]:
    """Stream (cluster id, site, group key) of the clusters that hold more than one record."""
    return _shared(connection, asked, records.c.cluster_id)


def busy_authors(connection: Connection, asked: Wanted, field: str) -> Iterator[tuple[str, str, str]]:
    """Stream (author, site, group key) of the authors of more than one record; `field` of a record names its author."""
    return _shared(connection, asked, records.c.data[field].as_string())


def _shared(connection: Connection, asked: Wanted, thing: ColumnElement[str]) -> Iterator[tuple[str, str, str]]:
    mine = asked.condition(connection)
    several = select(thing).where(mine, thing.is_not(None)).group_by(thing).having(func.count() > 1)
    wanted = select(thing, records.c.site, records.c.group_key).where(thing.in_(several)).distinct()
    return map(tuple, _stream(connection, wanted, asked))


def earlier_splits(connection: Connection, version: str) -> Iterator[tuple[str, str, str]]:
    """Stream (site, group key, split) of the records that are in a frozen version."""
    wanted = select(records.c.site, records.c.group_key, dataset_rows.c.split).distinct()
    joined = wanted.join(dataset_rows, dataset_rows.c.record_id == records.c.record_id)
    return map(tuple, connection.execute(joined.where(dataset_rows.c.version == version)))


def stored_records(connection: Connection, asked: Wanted) -> Iterator[dict[str, Any]]:
    """Stream all records by their id."""
    return _named(connection, select(*_TRAINED_ON).order_by(records.c.record_id), asked)


def unread_records(connection: Connection, asked: Wanted) -> Iterator[list[dict[str, Any]]]:
    """Stream all records by their id, many at once, their JSON as a text: whoever works on them reads it."""
    unread = [cast(one, Text).label(one.name) if isinstance(one.type, JSON) else one for one in _TRAINED_ON]
    found = _named(connection, select(*unread).order_by(records.c.record_id), asked)
    while some := list(islice(found, _UNREAD_AT_ONCE)):
        yield some


def provenance(connection: Connection, asked: Wanted) -> dict[str, Any]:
    """Tell where records come from, who labelled them, and what became of all items, in JSON values."""
    condition = asked.condition(connection)
    return {
        "sources": _sources(connection, condition),
        "label_sources": _label_sources(connection, condition),
        "audits": audited(connection, asked.record_type),
        "ledger": ledger_counts(connection, asked.record_type),
        **origins(connection, asked.record_type, condition),
    }


def closed_since(connection: Connection, asked: Wanted) -> int:
    """Count the records whose page robots.txt forbade when it was last asked for: nobody says why."""
    closed = left_out.refused_pages(connection, PageReason.ROBOTS_DISALLOWED)
    here = select(func.count()).where(asked.condition(connection), records.c.canonical_url.in_(IDS))
    return sum(number for (number,) in look_up(connection, here, sorted(closed)))


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


def _named(connection: Connection, query: Select[Any], asked: Wanted) -> Iterator[dict[str, Any]]:
    names = [column.name for column in query.selected_columns]
    # A third of the time of what SQLAlchemy has for it.
    return (dict(zip(names, row, strict=True)) for row in _stream(connection, query, asked))


def _stream(connection: Connection, query: Select[Any], asked: Wanted) -> Iterator[Any]:
    query = query.where(asked.condition(connection))
    # Many at once: one by one, SQLAlchemy takes twice the time.
    for some in connection.execute(query, execution_options={"yield_per": _FETCHED_AT_ONCE}).partitions():
        yield from some


def _sources(connection: Connection, condition: ColumnElement[bool]) -> dict[str, dict[str, Any]]:
    at = records.c.scraped_at
    query = select(records.c.site, func.count(), func.min(at), func.max(at)).where(condition)
    return {
        site: {"records": number, "scraped_from": first.isoformat(), "scraped_to": last.isoformat()}
        for site, number, first, last in sorted(connection.execute(query.group_by(records.c.site)))
    }


def _label_sources(connection: Connection, condition: ColumnElement[bool]) -> dict[str, int]:
    query = select(records.c.label_source, func.count()).where(condition)
    return dict(sorted(connection.execute(query.group_by(records.c.label_source))))
