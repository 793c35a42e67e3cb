"""What stands in more than one split of a version, asked of its rows: how they were chosen is without effect here."""

from array import array
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, distinct, func, select

from tdcrawl.records.base import RecordType
from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.record_check import Looked
from tdcrawl.store.tables import records

Ids = npt.NDArray[np.bytes_]
"""Ids of records, 16 bytes each."""
Places = npt.NDArray[np.uint8]
"""In which split each record that was looked at stands: its number from 1, or 0 where the record is no row."""

AUTHORS = "authors"
NAMED = 3
"""Of how many leaks the rows are named."""
_ID = np.dtype("S16")
_DIGITS = 2 * _ID.itemsize
_NOTHING = -1
"""What `hash` gives of nothing at all."""
_JOINED = records.join(dataset_rows, dataset_rows.c.record_id == records.c.record_id)
_STREAMED = {"yield_per": 1_000}


class Thing:
    """Find what rows share in some columns and that stands in several splits; `of` gives the same of records, or None.

    8 bytes of each record tell whether there can be such a thing, and only then the database is asked, which names it.
    """

    def __init__(self, columns: Sequence[ColumnElement[Any]], of: Callable[[Looked], Iterable[Hashable]]) -> None:
        self._columns, self._of = columns, of
        self._seen = array("q")

    def look(self, some: Looked) -> None:
        """Look at records."""
        self._seen.extend([_NOTHING if thing is None else hash(thing) for thing in self._of(some)])

    def torn(self, connection: Connection, version: str, places: Places) -> tuple[int, list[str]]:
        """Count the things that stand in several splits, with ids of a few rows, once all records were looked at."""
        if not self._may_be_torn(places):
            return 0, []
        rows = select(func.min(records.c.record_id)).select_from(_JOINED).where(dataset_rows.c.version == version)
        whole = rows.where(*(column.is_not(None) for column in self._columns))
        several = whole.group_by(*self._columns).having(func.count(distinct(dataset_rows.c.split)) > 1)
        found = sorted(connection.scalars(several))
        return len(found), found[:NAMED]

    def _may_be_torn(self, places: Places) -> bool:
        seen = np.frombuffer(self._seen, np.int64)
        last = int(places.max(initial=0))
        of_splits = (np.sort(seen[(places == place) & (seen != _NOTHING)]) for place in range(1, last + 1))
        # Each once in its split: what comes twice after that stands in two.
        once = [some[np.diff(some, prepend=~some[:1]) != 0] for some in of_splits]
        together = np.sort(np.concatenate([seen[:0], *once]))
        return bool((np.diff(together) == 0).any())


def things(kind: RecordType) -> Iterator[tuple[str, Thing]]:
    """Name what must not stand in several splits; authors only where each is to be in one."""
    row = records.c
    yield "texts", Thing([row.content_hash], attrgetter("content_hash"))
    yield "groups", Thing([row.site, row.group_key], lambda some: zip(some.site, some.group_key, strict=True))
    yield "clusters", Thing([row.cluster_id], attrgetter("cluster_id"))
    for field in kind.person_fields.values():
        yield AUTHORS, Thing([row.site, row.data[field].as_string()], partial(_persons, field))


def _persons(field: str, some: Looked) -> Iterator[Hashable]:
    named = (data.get(field) for data in some.data)
    return (None if name is None else (site, name) for site, name in zip(some.site, named, strict=True))


def ids_of(names: Iterable[str]) -> Ids:
    """Pack ids of 32 hexadecimal digits."""
    return np.frombuffer(bytes.fromhex("".join(names)), _ID)


def named(ids: Ids) -> list[str]:
    """Unpack ids."""
    digits = ids.tobytes().hex()
    return [digits[start : start + _DIGITS] for start in range(0, len(digits), _DIGITS)]


def places(connection: Connection, version: str, ids: Ids, splits: Sequence[str]) -> Places:
    """Say in which of some splits of a version each record is."""
    found, numbers = np.zeros(len(ids), np.uint8), {split: number for number, split in enumerate(splits, 1)}
    order = np.argsort(ids)
    in_order = ids[order]
    query = select(dataset_rows.c.record_id, dataset_rows.c.split).order_by(dataset_rows.c.record_id)
    rows = connection.execute(query.where(dataset_rows.c.version == version), execution_options=_STREAMED)
    for some in rows.partitions():
        named = ids_of(record_id for record_id, _ in some)
        at = np.searchsorted(in_order, named)
        there = at < len(ids)
        there[there] = in_order[at[there]] == named[there]
        found[order[at[there]]] = np.array([numbers[split] for _, split in some], np.uint8)[there]
    return found


def splits_of(connection: Connection, version: str, ids: Collection[str]) -> dict[str, tuple[str, Any]]:
    """Give the split and the record's data of some rows, by id."""
    query = select(records.c.record_id, dataset_rows.c.split, records.c.data).select_from(_JOINED)
    found = connection.execute(query.where(dataset_rows.c.version == version, records.c.record_id.in_(ids)))
    return {record_id: (split, data) for record_id, split, data in found}
