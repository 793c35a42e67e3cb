"""What stands in more than one split of a version, asked of its rows: how they were chosen is without effect here."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from itertools import combinations
from operator import attrgetter
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, distinct, func, select

from tdcrawl.records.base import RecordType
from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.tables import records

_ROWS_AT_ONCE = 200
NAMED = 3
"""Of how many leaks the rows are named."""
_JOINED = records.join(dataset_rows, dataset_rows.c.record_id == records.c.record_id)
_LOOKED_AT = [records.c[name] for name in ("record_id", "site", "group_key", "cluster_id", "content_hash", "data")]


class Thing:
    """Find what rows share in some columns and that stands in several splits; `of` gives the same of a row, or None.

    8 bytes of each row tell whether there can be such a thing, and only then the database is asked, which names it.
    """

    def __init__(self, columns: Sequence[ColumnElement[Any]], of: Callable[[Any], Hashable]) -> None:
        self._columns, self._of = columns, of
        self._seen: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))

    def look(self, split: str, rows: Sequence[Any]) -> None:
        """Look at rows of a split, as `rows_in` gives them."""
        self._seen[split].extend(map(hash, filter(None, map(self._of, rows))))

    def torn(self, connection: Connection, version: str) -> tuple[int, list[str]]:
        """Count the things that stand in several splits, with ids of a few rows, once all rows were looked at."""
        if not any(np.intersect1d(one, other).size for one, other in combinations(self._seen.values(), 2)):
            return 0, []
        rows = select(func.min(records.c.record_id)).select_from(_JOINED).where(dataset_rows.c.version == version)
        whole = rows.where(*(column.is_not(None) for column in self._columns))
        several = whole.group_by(*self._columns).having(func.count(distinct(dataset_rows.c.split)) > 1)
        found = sorted(connection.scalars(several))
        return len(found), found[:NAMED]


def things(kind: RecordType, *, authors_together: bool) -> Iterator[tuple[str, Thing]]:
    """Name what must not stand in several splits."""
    row = records.c
    yield "texts", Thing([row.content_hash], attrgetter("content_hash"))
    yield "groups", Thing([row.site, row.group_key], attrgetter("site", "group_key"))
    yield "clusters", Thing([row.cluster_id], attrgetter("cluster_id"))
    for field in kind.person_fields.values() if authors_together else ():
        yield "authors", Thing([row.site, row.data[field].as_string()], _person(field))


def _person(field: str) -> Callable[[Any], Hashable]:
    return lambda row: (row.site, named) if (named := row.data.get(field)) is not None else None


def rows_in(connection: Connection, version: str, split: str) -> Iterator[Sequence[Any]]:
    """Stream the records of a split, many at once: id, what `things` are of, and data."""
    query = select(*_LOOKED_AT).select_from(_JOINED)
    query = query.where(dataset_rows.c.version == version, dataset_rows.c.split == split)
    return connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}).partitions()


def splits_of(connection: Connection, version: str, ids: Collection[str]) -> dict[str, tuple[str, Any]]:
    """Give the split and the record's data of some rows, by id."""
    query = select(records.c.record_id, dataset_rows.c.split, records.c.data).select_from(_JOINED)
    found = connection.execute(query.where(dataset_rows.c.version == version, records.c.record_id.in_(ids)))
    return {record_id: (split, data) for record_id, split, data in found}
