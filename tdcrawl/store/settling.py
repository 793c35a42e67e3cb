"""The writes that settle items, all that came at once: kept as records, or put where their rejections say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Table, bindparam, func, insert, select, update

from tdcrawl.outcomes import Bucket, DedupReason, QuotaReason, Rejection
from tdcrawl.records.base import RecordType, TrainingItem
from tdcrawl.store.rows import Row, Run, duplicate_row, failed_row, label_row, labelled_row, record_row
from tdcrawl.store.tables import duplicates, failed_records, labels, outcomes, over_quota, quota_seats, records

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_PENDING = select(outcomes.c.item_id).where(outcomes.c.item_id.in_(_IDS), outcomes.c.bucket == Bucket.PENDING)
_TWINS = select(records.c.record_type, records.c.content_hash, records.c.record_id).where(
    records.c.content_hash.in_(bindparam("hashes", expanding=True))
)
_SETTLE = (
    update(outcomes)
    .where(outcomes.c.item_id == bindparam("item"))
    .values(
        bucket=bindparam("place"), stage=bindparam("at_stage"), reason=bindparam("why"), detail=bindparam("more"),
        at=bindparam("now"),
    )
)  # fmt: skip
_SEATS_TAKEN = select(quota_seats.c.taken).where(
    quota_seats.c.record_type == bindparam("of_type"), quota_seats.c.stratum == bindparam("in_stratum")
)
_RECORDS_IN = (
    select(func.count())
    .select_from(records)
    .where(records.c.record_type == bindparam("of_type"), records.c.stratum == bindparam("in_stratum"))
)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Ask to keep an item as a record; `seats` is the quota of its stratum, None without one."""

    run: Run
    item: TrainingItem
    record_type: RecordType
    seats: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Ask to put an item where its rejection says."""

    run: Run
    item: TrainingItem
    record_type: RecordType
    stage: str
    why: Rejection
    evidence: Mapping[str, Any]


def accept(connection: Connection, wanted: list[Acceptance]) -> list[Rejection | None]:
    """Keep the records that may be kept, with label, seat and outcome; returns why not, for each that may not."""
    rows = [labelled_row(asked.item, asked.record_type, asked.run) for asked in wanted]
    pending = _pending(connection, [asked.item for asked in wanted])
    twins = _twins(connection, rows)
    taken: dict[tuple[str, str], int] = {}
    kept: list[tuple[TrainingItem, Row]] = []
    answers = []
    for asked, row in zip(wanted, rows, strict=True):
        text, stratum = (row["record_type"], row["content_hash"]), (row["record_type"], row["stratum"])
        if asked.seats is not None and stratum not in taken:
            taken[stratum] = seats_taken(connection, *stratum)
        refusal = _repeats(twins.get(text)) or _no_seat(taken.get(stratum, 0), asked.seats, row)
        answers.append(refusal)
        if refusal is None and asked.item.item_id in pending:
            twins[text] = asked.item.item_id
            kept.append((asked.item, row))
            if stratum in taken:
                taken[stratum] += 1
    _keep(connection, kept, taken)
    return answers


def reject(connection: Connection, wanted: list[Refusal]) -> list[None]:
    """Move the items that are still pending to the tables of their buckets."""
    pending = _pending(connection, [asked.item for asked in wanted])
    settled, by_table = [], defaultdict[Table, list[Row]](list)
    for asked in wanted:
        if asked.item.item_id in pending:
            pending.remove(asked.item.item_id)
            settled.append(_outcome(asked.item, asked.why.bucket, asked.stage, asked.why))
            table, row = _place(asked)
            by_table[table].append({"item_id": asked.item.item_id, **row})
    if settled:
        connection.execute(_SETTLE, settled)
    for table, rows in by_table.items():
        connection.execute(insert(table), rows)
    return [None] * len(wanted)


def seats_taken(connection: Connection, record_type: str, stratum: str) -> int:
    """Count the seats taken in a stratum; records from before it had a quota count too."""
    where = {"of_type": record_type, "in_stratum": stratum}
    taken: int | None = connection.scalar(_SEATS_TAKEN, where)
    return taken if taken is not None else connection.scalar(_RECORDS_IN, where) or 0


def _pending(connection: Connection, items: Sequence[TrainingItem]) -> set[str]:
    return set(connection.scalars(_PENDING, {"ids": [item.item_id for item in items]}))


def _twins(connection: Connection, rows: list[Row]) -> dict[tuple[str, str], str]:
    found = connection.execute(_TWINS, {"hashes": [row["content_hash"] for row in rows]})
    return {(record_type, content_hash): record_id for record_type, content_hash, record_id in found}


def _repeats(matched: str | None) -> Rejection | None:
    if matched is None:
        return None
    detail = f"same text as record {matched}, which another process wrote meanwhile"
    return Rejection(Bucket.DUPLICATE, DedupReason.EXACT_DUPLICATE, detail, matched=matched, score=1.0)


def _no_seat(taken: int, seats: int | None, row: Row) -> Rejection | None:
    if seats is None or taken < seats:
        return None
    detail = f"all {seats} seats of {row['stratum']} were taken meanwhile"
    return Rejection(Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL, detail)


def _keep(connection: Connection, kept: list[tuple[TrainingItem, Row]], taken: Mapping[tuple[str, str], int]) -> None:
    if not kept:
        return
    connection.execute(_SETTLE, [_outcome(item, Bucket.RECORD) for item, _ in kept])
    connection.execute(
        insert(records),
        [{**row, "record_id": item.item_id, "cluster_id": item.cluster_id or item.item_id} for item, row in kept],
    )
    connection.execute(insert(labels), [label_row(item) for item, _ in kept])
    for (record_type, stratum), number in taken.items():
        _set_seats(connection, record_type, stratum, number)


def _set_seats(connection: Connection, record_type: str, stratum: str, taken: int) -> None:
    here = (quota_seats.c.record_type == record_type, quota_seats.c.stratum == stratum)
    if connection.execute(update(quota_seats).where(*here).values(taken=taken)).rowcount == 0:
        connection.execute(insert(quota_seats).values(record_type=record_type, stratum=stratum, taken=taken))


def _place(asked: Refusal) -> tuple[Table, Row]:
    if asked.why.bucket is Bucket.FAILED:
        return failed_records, failed_row(asked.item, asked.run, asked.stage, asked.why, asked.evidence)
    if asked.why.bucket is Bucket.DUPLICATE:
        return duplicates, duplicate_row(record_row(asked.item, asked.record_type, asked.run), asked.why)
    return over_quota, labelled_row(asked.item, asked.record_type, asked.run)


def _outcome(item: TrainingItem, bucket: Bucket, stage: str | None = None, why: Rejection | None = None) -> Row:
    reason, detail = (why.reason, why.detail) if why else (None, None)
    now = datetime.now(UTC)
    return {"item": item.item_id, "place": bucket, "at_stage": stage, "why": reason, "more": detail, "now": now}
