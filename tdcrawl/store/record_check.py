"""Is each record what it was when it was written: its text as it was hashed, its label as it was given?"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from tdcrawl import text
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.naming import RULE
from tdcrawl.store.label_tables import labels
from tdcrawl.store.rows import DECISION
from tdcrawl.store.tables import records

_ROWS_AT_A_TIME = 200
# Grouped once: asked record by record, PostgreSQL walks all labels backwards for each.
_LAST = (
    select(labels.c.record_id, func.max(labels.c.label_id).label("label_id"))
    .where(labels.c.kind == DECISION)
    .group_by(labels.c.record_id)
    .subquery()
)
_RECORDS = select(
    records.c.record_type,
    records.c.content_hash,
    records.c.data,
    records.c.label,
    labels.c.label.label("given"),
    labels.c.source,
    labels.c.version,
).select_from(
    records.outerjoin(_LAST, _LAST.c.record_id == records.c.record_id).outerjoin(
        labels, labels.c.label_id == _LAST.c.label_id
    )
)


def record_problems(connection: Connection) -> Iterator[str]:
    """Read all records once, and say how many are not what they were."""
    found = connection.execute(_RECORDS, execution_options={"yield_per": _ROWS_AT_A_TIME}).partitions()
    counted = Counter(problem for some in found for row in some for problem in _problems(row))
    yield from (f"{number} records {problem}" for problem, number in sorted(counted.items()))


def _problems(row: Any) -> Iterator[str]:
    # Each name of a row would be looked up for each record.
    kind, content_hash, data, label, given, source, version = row
    record_type = RECORD_TYPES[kind]
    record = record_type.stored(data)
    if text.content_hash(record_type.sameness(record)) != content_hash:
        yield "no longer have the text their content hash was made of"
    if given is None:
        yield "have a label that nobody gave: labels has no row for them"
    elif given != label:
        yield "have another label than they were given last"
    # What an older version of the rule said cannot be asked any more.
    if source == RULE and version == record_type.rule_version and given != record_type.rule(record):
        yield "were given another label by the rule than it gives to what they say now"
