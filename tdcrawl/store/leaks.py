"""What stands in more than one split of a version, asked of its rows: how they were chosen is without effect here."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, distinct, func, select

from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.tables import records

_ROWS_AT_ONCE = 2_000
NAMED = 3
"""Of how many leaks the rows are named."""
Thing = Sequence[ColumnElement[Any]]
"""Columns in which two records are about the same thing."""
_JOINED = records.join(dataset_rows, dataset_rows.c.record_id == records.c.record_id)


def torn(connection: Connection, version: str, things: Thing) -> tuple[int, list[str]]:
    """Count what has rows in several splits, a thing being the same in all these columns; with ids of a few rows."""
    rows = select(func.min(records.c.record_id)).select_from(_JOINED).where(dataset_rows.c.version == version)
    whole = rows.where(*(thing.is_not(None) for thing in things))
    several = whole.group_by(*things).having(func.count(distinct(dataset_rows.c.split)) > 1)
    found = sorted(connection.scalars(several))
    return len(found), found[:NAMED]


def texts(connection: Connection, version: str, split: str) -> Iterator[Sequence[Any]]:
    """Stream (record id, data) of the records of a split, many at once."""
    query = select(records.c.record_id, records.c.data).select_from(_JOINED)
    query = query.where(dataset_rows.c.version == version, dataset_rows.c.split == split)
    return connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}).partitions()


def splits_of(connection: Connection, version: str, ids: Collection[str]) -> dict[str, tuple[str, Any]]:
    """Give the split and the record's data of some rows, by id."""
    query = select(records.c.record_id, dataset_rows.c.split, records.c.data).select_from(_JOINED)
    found = connection.execute(query.where(dataset_rows.c.version == version, records.c.record_id.in_(ids)))
    return {record_id: (split, data) for record_id, split, data in found}
