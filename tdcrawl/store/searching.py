"""Looking for what must be nowhere: in every row of every table, and in every file."""

import mmap
from collections.abc import Collection, Iterator
from pathlib import Path

from sqlalchemy import Connection, LargeBinary, Table, func, select

from tdcrawl.store import dataset_tables, permission_tables, worker_tables
from tdcrawl.store.erasure_tables import tombstones
from tdcrawl.store.label_tables import labels, review_tasks
from tdcrawl.store.look_up import among, look_up
from tdcrawl.store.needles import Needles, What
from tdcrawl.store.overwriting import members
from tdcrawl.store.parquet import UNREADABLE, rows
from tdcrawl.store.shown import KEPT
from tdcrawl.store.tables import contrast_pairs, dedup_bands, metadata

_STREAMED = {"yield_per": 1_000}
_TEXTS = {".json", ".jsonl", ".csv", ".md", ".html", ".txt", ".toml", ".log"}
_NAMES_ITEMS = (
    *KEPT.values(), labels.c.record_id, review_tasks.c.item_id, contrast_pairs.c.record_id, contrast_pairs.c.other_id,
    dedup_bands.c.record_id, dataset_tables.dataset_rows.c.record_id, permission_tables.left_out.c.record_id,
)  # fmt: skip
_SAID = {What.TEXT: "an erased text", What.AUTHOR: "the erased author", What.URL: "an erased address"}
TABLES = sorted({*metadata.tables, worker_tables.workers.name})
"""The tables that are searched: all."""


def search_tables(connection: Connection, needles: Needles, ids: Collection[str]) -> Iterator[str]:
    """Say where in the database something is found, or one of some items still has a row that tells of it."""
    for column in _NAMES_ITEMS:
        query = select(func.count()).where(among(column))
        if number := sum(row[0] for row in look_up(connection, query, sorted(ids))):
            yield f"{number} rows of {column.table.name} are of erased items"
    for name in TABLES if needles else ():
        yield from _search_table(connection, metadata.tables[name], needles)


def _search_table(connection: Connection, table: Table, needles: Needles) -> Iterator[str]:
    shown = [column for column in table.columns if not isinstance(column.type, LargeBinary)]
    shown = [column for column in shown if column is not tombstones.c.key]
    for row in connection.execute(select(*shown), execution_options=_STREAMED).mappings():
        for what in sorted(needles.in_values(dict(row))):
            place = ", ".join(str(row[column.name]) for column in table.primary_key)
            yield f"{table.name}, row {place}: {_SAID[what]}"


def search_file(path: Path, needles: Needles, ids: Collection[str]) -> Iterator[str]:
    """Say what is found in a file; one that is gone meanwhile holds nothing."""
    try:
        found = set(_found(path, needles, ids)) if path.stat().st_size else set()
    except FileNotFoundError:
        return
    except OSError as error:
        found = {f"it cannot be read: {error.strerror}"}
    yield from (f"{path}: {said}" for said in sorted(found))


def _found(path: Path, needles: Needles, ids: Collection[str]) -> Iterator[str]:
    if path.suffix == ".gz":
        yield from (_SAID[what] for _, content in members(path) for what in needles.in_page(content))
    elif path.suffix == ".parquet":
        yield from _in_parquet(path, needles, ids)
    elif path.suffix in _TEXTS:
        yield from (_SAID[what] for what in needles.in_page(path.read_bytes()))
    else:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            # Not read at once: a database may be larger than memory.
            yield from (_SAID[what] for what in needles.in_bytes(content))


def _in_parquet(path: Path, needles: Needles, ids: Collection[str]) -> Iterator[str]:
    try:
        for row in rows([path]):
            if row.get("record_id") in ids:
                yield "a row of an erased item"
            yield from (_SAID[what] for what in needles.in_values(row))
    except UNREADABLE:
        yield "it cannot be read: look at it, or delete it"
