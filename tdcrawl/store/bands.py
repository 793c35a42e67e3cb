"""The stored index of near-duplicate detection: an entry for each record, in the order in which they were written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, select

from tdcrawl.errors import StoreError
from tdcrawl.store.inserting import insert_all
from tdcrawl.store.tables import dedup_bands, dedup_schemes, records

_ENTRIES_A_PIECE, _PIECES_AT_ONCE = 1_000, 100
_RECORDS_AT_ONCE = 1_000
_NEWS = select(
    func.max(dedup_bands.c.seq), func.max(case((dedup_bands.c.writer != bindparam("writer"), 1), else_=0))
).where(dedup_bands.c.seq > bindparam("after"))


def agree_on_scheme(connection: Connection, record_type: str, scheme: str) -> None:
    """Note how the entries of a record type are made; raises StoreError where they were made in another way."""
    stored = connection.scalar(select(dedup_schemes.c.scheme).where(dedup_schemes.c.record_type == record_type))
    if stored is None:
        connection.execute(insert(dedup_schemes).values(record_type=record_type, scheme=scheme))
    elif stored != scheme:
        raise StoreError(
            f"the near-duplicate index of {record_type} records was made as {stored!r}, this version compares by "
            f"{scheme!r}: make it anew with `scrapy dataset reindex`, or go back to the version that made it"
        )


def newest(connection: Connection) -> int:
    """Give the number of the newest entry, 0 where there is none."""
    return connection.scalar(select(func.max(dedup_bands.c.seq))) or 0


def news(connection: Connection, after: int, not_of: str) -> tuple[int, bool]:
    """Give the number of the newest entry, and say whether any `after` a number is `not_of` a writer."""
    number, is_of_another = connection.execute(_NEWS, {"after": after, "writer": not_of}).one()
    return number or after, bool(is_of_another)


def entries(connection: Connection, record_type: str, after: int = 0, not_of: str | None = None) -> Iterator[bytes]:
    """Stream the entries of a record type, many in one piece: those `after` a number and `not_of` a writer."""
    query = select(dedup_bands.c.entry).where(dedup_bands.c.record_type == record_type, dedup_bands.c.seq > after)
    if not_of is not None:
        query = query.where(dedup_bands.c.writer != not_of)
    found = connection.execute(query, execution_options={"yield_per": _ENTRIES_A_PIECE}).scalars()
    # Fetched by the thousand and handed on by the hundred thousand: fewer objects at a time here, more for the index.
    pieces = (b"".join(piece) for piece in found.partitions())
    while entries_at_once := b"".join(islice(pieces, _PIECES_AT_ONCE)):
        yield entries_at_once


def count(connection: Connection, record_type: str) -> int:
    """Count the entries of a record type."""
    mine = dedup_bands.c.record_type == record_type
    return connection.scalar(select(func.count()).select_from(dedup_bands).where(mine)) or 0


def unsigned(connection: Connection, record_type: str) -> Iterator[Sequence[dict[str, Any]]]:
    """Stream the records of a type that have no entry, many at once."""
    mine = records.c.record_type == record_type
    if count(connection, record_type) == connection.scalar(select(func.count()).select_from(records).where(mine)):
        return
    query = select(records).where(mine, records.c.record_id.not_in(select(dedup_bands.c.record_id)))
    found = connection.execute(query, execution_options={"yield_per": _RECORDS_AT_ONCE}).mappings()
    yield from ([dict(row) for row in piece] for piece in found.partitions())


def add(connection: Connection, signed: Iterable[tuple[Mapping[str, Any], bytes]], writer: str) -> None:
    """Insert the entries of records, given as pairs of row and entry."""
    rows = [
        {"record_id": row["record_id"], "record_type": row["record_type"], "writer": writer, "entry": entry}
        for row, entry in signed
    ]
    insert_all(connection, dedup_bands, rows)


def forget_all(connection: Connection, record_type: str) -> None:
    """Delete all entries of a record type, and how they were made."""
    for table in (dedup_bands, dedup_schemes):
        connection.execute(table.delete().where(table.c.record_type == record_type))
