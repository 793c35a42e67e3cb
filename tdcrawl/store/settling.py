"""The writes that settle items, all that came at once: kept as records, or put where their rejections say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select

from tdcrawl.outcomes import Bucket, Move, Rejection
from tdcrawl.records.base import TrainingItem
from tdcrawl.store import waiting
from tdcrawl.store.inserting import insert_all
from tdcrawl.store.label_tables import unlabelled
from tdcrawl.store.look_up import among
from tdcrawl.store.placement import SETTLE, Placement
from tdcrawl.store.rows import Row, Run, duplicate_row, failed_row, item_row, record_row, settled_row, surplus_row
from tdcrawl.store.tables import ON_ITS_WAY, duplicates, failed_records, outcomes, over_quota, records
from tdcrawl.store.terms import Terms
from tdcrawl.store.updating import update_all

_PENDING = select(outcomes.c.item_id).where(among(outcomes.c.item_id), ON_ITS_WAY)
_KEPT = select(records.c.record_id).where(among(records.c.record_id))


class OutdatedError(Exception):
    """Say that an item repeats a record that is none any more: it has to be judged again."""


class Acceptance(NamedTuple):
    """Ask to keep an item as a record."""

    run: Run
    item: TrainingItem
    terms: Terms


class Refusal(NamedTuple):
    """Ask to put an item where its rejection says; `evidence` is what a failed record keeps, masked."""

    run: Run
    item: TrainingItem
    terms: Terms
    stage: str
    why: Rejection
    evidence: Mapping[str, Any]


def accept(connection: Connection, wanted: list[Acceptance]) -> list[Rejection | list[Move]]:
    """Keep the records that may be kept, with label, seat and outcome; returns for each what moved, or why not."""
    pending = _pending(connection, [asked.item for asked in wanted])
    placement = Placement(connection, wanted[0].run, wanted[0].terms)
    answers: list[Rejection | list[Move]] = []
    for asked in wanted:
        answers.append(_place(placement, asked) if asked.item.item_id in pending else [])
        pending.discard(asked.item.item_id)
    placement.write()
    return answers


def reject(connection: Connection, wanted: list[Refusal]) -> list[OutdatedError | None]:
    """Move the items that are still pending to the tables of their buckets; returns which must be judged again."""
    pending = _pending(connection, [asked.item for asked in wanted])
    kept = set(connection.scalars(_KEPT, {"ids": [asked.why.matched for asked in wanted if asked.why.matched]}))
    settled, by_table, answers = [], defaultdict[Table, list[Row]](list), list[OutdatedError | None]()
    for asked in wanted:
        outdated = asked.why.matched is not None and asked.why.matched not in kept
        answers.append(OutdatedError() if outdated else None)
        if asked.item.item_id in pending and not outdated:
            pending.remove(asked.item.item_id)
            settled.append(settled_row(asked.item.item_id, asked.why.bucket, asked.stage, asked.why))
            table, row = _place_of(asked)
            by_table[table].append({"item_id": asked.item.item_id, **row})
    update_all(connection, SETTLE, settled)
    for table, rows in by_table.items():
        insert_all(connection, table, rows)
    waiting.ask_people(connection, settled, by_table[unlabelled])
    return answers


def _place(placement: Placement, asked: Acceptance) -> Rejection | list[Move]:
    row = record_row(asked.item, asked.terms.record_type, asked.run)
    return placement.place(row, asked.item.named(), asked.item.signature)


def _pending(connection: Connection, items: Sequence[TrainingItem]) -> set[str]:
    return set(connection.scalars(_PENDING, {"ids": [item.item_id for item in items]}))


def _place_of(asked: Refusal) -> tuple[Table, Row]:
    if asked.why.bucket is Bucket.FAILED:
        return failed_records, failed_row(asked.item, asked.run, asked.stage, asked.why, asked.evidence)
    row = record_row(asked.item, asked.terms.record_type, asked.run)
    match asked.why.bucket:
        case Bucket.DUPLICATE:
            return duplicates, duplicate_row(row, asked.why)
        case Bucket.OVER_QUOTA:
            return over_quota, surplus_row(row, asked.item.label)
    return unlabelled, item_row(row)
