"""What there is to freeze: the records of a type, and what the ledger tells of their way here."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from pydantic_core import from_json
from sqlalchemy import JSON, ColumnElement, Connection, Select, Text, cast, func, or_, select

from tdcrawl.outcomes import Bucket, PageReason
from tdcrawl.store import left_out
from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.label_figures import audited
from tdcrawl.store.look_up import among, look_up
from tdcrawl.store.origins import origins
from tdcrawl.store.tables import outcomes, records

_STREAMED = {"yield_per": 200}
_UNREAD_AT_ONCE = 20_000
_UNUSED = {"record_type", "run_id", "page_id", "requested_url", "content_hash", "stratum"}
_TRAINED_ON = [column for column in records.c if column.name not in _UNUSED]
"""What a training row is made of."""
_JSON = [column.name for column in _TRAINED_ON if isinstance(column.type, JSON)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Say which records are asked for: those of a type, but for what is left out of a version."""

    record_type: str
    version: str | None = None

    def condition(self, connection: Connection) -> ColumnElement[bool]:
        """Build what is true of these records alone."""
        kind: ColumnElement[str] = records.c.record_type
        if connection.dialect.name == "sqlite":
            # By no index: most records are of one type, and it would walk about, then sort what it found on disk.
            kind = kind.concat("")
        return (kind == self.record_type) & left_out.kept(connection, self.version)


def keys(connection: Connection, asked: Wanted) -> Iterator[Sequence[Any]]:
    """Stream what decides where each record goes, many at once: its id, site, group key and label."""
    return _stream(connection, select(records.c.record_id, records.c.site, records.c.group_key, records.c.label), asked)


def torn_clusters(connection: Connection, asked: Wanted) -> Iterator[tuple[str, str, str]]:
    """Stream (cluster id, site, group key) of the clusters that hold more than one record."""
    # All but one of them have another id than their cluster.
    named = select(records.c.cluster_id).where(asked.condition(connection), records.c.cluster_id != records.c.record_id)
    wanted = select(records.c.cluster_id, records.c.site, records.c.group_key).distinct()
    either = or_(records.c.cluster_id != records.c.record_id, records.c.record_id.in_(named))
    return map(tuple, chain.from_iterable(_stream(connection, wanted.where(either), asked)))


def busy_authors(connection: Connection, asked: Wanted, field: str) -> Iterator[tuple[str, str, str]]:
    """Stream (author, site, group key) of the authors of more than one record; `field` of a record names its author."""
    author = records.c.data[field].as_string().label("author")
    # Found once in its JSON, which takes longer than all the rest, and apart, so that no JSON is sorted by it.
    told = select(author, records.c.site, records.c.group_key).where(asked.condition(connection)).cte()
    number = func.count().over(partition_by=told.c.author).label("number")
    named = select(told, number).where(told.c.author.is_not(None)).subquery().c
    busy = select(named.author, named.site, named.group_key).where(named.number > 1).distinct()
    return map(tuple, connection.execute(busy, execution_options=_STREAMED))


def earlier_splits(connection: Connection, version: str) -> Iterator[tuple[str, str, str]]:
    """Stream (site, group key, split) of the records that are in a frozen version."""
    wanted = select(records.c.site, records.c.group_key, dataset_rows.c.split).distinct()
    joined = wanted.join(dataset_rows, dataset_rows.c.record_id == records.c.record_id)
    return map(tuple, connection.execute(joined.where(dataset_rows.c.version == version)))


def stored_records(connection: Connection, asked: Wanted) -> Iterator[dict[str, Any]]:
    """Stream all records by their id."""
    for stored in _unread(connection, asked):
        # Read here: SQLAlchemy has three calls for what is one.
        yield stored | {name: from_json(stored[name]) for name in _JSON}


def unread_records(connection: Connection, asked: Wanted) -> Iterator[list[dict[str, Any]]]:
    """Stream all records by their id, many at once, their JSON as a text: whoever works on them reads it."""
    found = _unread(connection, asked)
    while some := list(islice(found, _UNREAD_AT_ONCE)):
        yield some


def _unread(connection: Connection, asked: Wanted) -> Iterator[dict[str, Any]]:
    unread = [cast(one, Text).label(one.name) if one.name in _JSON else one for one in _TRAINED_ON]
    names = [column.name for column in _TRAINED_ON]
    # A third of the time of what SQLAlchemy has for it.
    for some in _stream(connection, select(*unread).order_by(records.c.record_id), asked):
        yield from (dict(zip(names, row, strict=True)) for row in some)


def provenance(connection: Connection, asked: Wanted) -> dict[str, Any]:
    """Tell where records come from, who labelled them, and what became of all items, in JSON values."""
    condition = asked.condition(connection)
    sources, label_sources = _given(connection, condition)
    return {
        "sources": sources,
        "label_sources": label_sources,
        "audits": audited(connection, asked.record_type),
        "ledger": ledger_counts(connection, asked.record_type),
        **origins(connection, asked.record_type, condition),
    }


def closed_since(connection: Connection, asked: Wanted) -> int:
    """Count the records whose page robots.txt forbade when it was last asked for: nobody says why."""
    closed = left_out.refused_pages(connection, PageReason.ROBOTS_DISALLOWED)
    here = select(func.count()).where(asked.condition(connection), among(records.c.canonical_url))
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


def _stream(connection: Connection, query: Select[Any], asked: Wanted) -> Iterator[Sequence[Any]]:
    # Many at once: one by one, SQLAlchemy takes twice the time.
    return connection.execute(query.where(asked.condition(connection)), execution_options=_STREAMED).partitions()


def _given(connection: Connection, condition: ColumnElement[bool]) -> tuple[dict[str, dict[str, Any]], dict[str, int]]:
    """Count the records of each site, with the times between which they were read, and by who gave their labels."""
    by, at = (records.c.site, records.c.label_source), records.c.scraped_at
    query = select(*by, func.count(), func.min(at), func.max(at)).where(condition).group_by(*by)
    sites, labels = defaultdict[str, list[Any]](list), Counter[str]()
    for site, source, *counted in connection.execute(query):
        sites[site].append(counted)
        labels[source] += counted[0]
    sources = {}
    for site in sorted(sites):
        numbers, first, last = zip(*sites[site], strict=True)
        times = {"scraped_from": min(first).isoformat(), "scraped_to": max(last).isoformat()}
        sources[site] = {"records": sum(numbers), **times}
    return sources, dict(sorted(labels.items()))
