"""Decisions: what a record is called from now on, and where it goes for it, in one transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from tdcrawl.outcomes import Bucket, LabelReason, Rejection
from tdcrawl.records.naming import MODEL, PERSON, UNLABELLED, Label
from tdcrawl.store.label_tables import labels, unlabelled
from tdcrawl.store.placement import SETTLE, STAGE, Placement
from tdcrawl.store.rows import (
    DECISION,
    Row,
    Run,
    decision_row,
    duplicate_row,
    item_row,
    settled_row,
    surplus_row,
    with_label,
)
from tdcrawl.store.seats import Seats
from tdcrawl.store.tables import duplicates, outcomes, over_quota, records
from tdcrawl.store.terms import Terms
from tdcrawl.store.tombstones import erased_among
from tdcrawl.store.waiting import ask_about, ask_people, last_decision

LABEL_STAGE = "label_record"
_CALLED = (
    update(records)
    .where(records.c.record_id == bindparam("record"))
    .values(
        label=bindparam("label"), label_source=bindparam("label_source"),
        label_confidence=bindparam("label_confidence"), stratum=bindparam("stratum"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """Say what an item is called, or for which reason it goes on waiting; `run` is who says so.

    `instead` is the version of a model whose label it replaces: it holds for a record that is called by that one still.
    """

    item_id: str
    verdict: Label | Rejection
    terms: Terms
    run: Run
    instead: str | None = None


def decide(connection: Connection, wanted: list[Decision]) -> list[Bucket]:
    """Carry out decisions one by one; returns where each item is then."""
    gone = erased_among(connection, [one.item_id for one in wanted])
    return [Bucket.FAILED if one.item_id in gone else _decide(connection, one) for one in wanted]


def withdraw(connection: Connection, item_id: str, terms: Terms, run: Run, reason: LabelReason) -> None:
    """Take back the last decision on an item: it needs review again, for that reason."""
    placement = Placement(connection, run, terms)
    if bucket_of(connection, item_id) is Bucket.RECORD:
        row = item_row(placement.withdraw(item_id))
    else:
        row = _leave(connection, item_id)
    placement.write()
    why = Rejection(Bucket.NEEDS_REVIEW, reason, "the decision was taken back")
    _wait(connection, row | {"stratum": UNLABELLED}, why)
    taken_back = {"record_id": item_id, "kind": DECISION, "source": PERSON, "version": "", "at": datetime.now(UTC)}
    connection.execute(insert(labels), [taken_back])


def promote(connection: Connection, item_id: str, terms: Terms, run: Run) -> Bucket:
    """Place a surplus item as what it was called, or let it wait for its label; returns where it is then."""
    here = select(over_quota).where(over_quota.c.item_id == item_id)
    row = connection.execute(here).mappings().one()
    label = last_decision(connection, item_id) or terms.sameness.label({"data": row["data"]})
    if label is not None:
        return _place(connection, Decision(item_id, label, terms, run), label)
    why = Rejection(Bucket.PENDING, LabelReason.NOT_ASKED, "there is room for it now")
    _wait(connection, _leave(connection, item_id), why)
    return why.bucket


def bucket_of(connection: Connection, item_id: str) -> Bucket:
    """Say where an item is."""
    return Bucket(connection.execute(select(outcomes.c.bucket).where(outcomes.c.item_id == item_id)).scalar_one())


def _decide(connection: Connection, one: Decision) -> Bucket:
    bucket = bucket_of(connection, one.item_id)
    if one.instead is not None:
        return _call_anew(connection, one, bucket)
    if isinstance(one.verdict, Rejection):
        # Somebody else may have decided meanwhile, or asks people already, whose task would stay open.
        return _go_on_waiting(connection, one, one.verdict) if bucket is Bucket.PENDING else bucket
    match bucket:
        case Bucket.RECORD:
            _rename(connection, one, one.verdict)
            return bucket
        case Bucket.PENDING | Bucket.NEEDS_REVIEW:
            return _place(connection, one, one.verdict)
    _write_down(connection, one, one.verdict)
    return bucket


def _call_anew(connection: Connection, one: Decision, bucket: Bucket) -> Bucket:
    """Replace a model's label, or ask people about it; what was decided otherwise meanwhile stays."""
    last = last_decision(connection, one.item_id)
    if bucket is not Bucket.RECORD or last is None or (last.source, last.version) != (MODEL, one.instead):
        return bucket
    if isinstance(one.verdict, Label):
        _rename(connection, one, one.verdict)
    else:
        _ask_people(connection, one, one.verdict)
    return bucket


def _go_on_waiting(connection: Connection, one: Decision, why: Rejection) -> Bucket:
    connection.execute(SETTLE, [settled_row(one.item_id, why.bucket, LABEL_STAGE, why)])
    _ask_people(connection, one, why)
    return why.bucket


def _ask_people(connection: Connection, one: Decision, why: Rejection) -> None:
    row = {"item_id": one.item_id, "record_type": one.terms.record_type.name}
    ask_people(connection, [settled_row(one.item_id, why.bucket, LABEL_STAGE, why)], [row])


def _place(connection: Connection, one: Decision, label: Label) -> Bucket:
    row = _leave(connection, one.item_id)
    row["record_id"] = row.pop("item_id")
    kind = one.terms.record_type
    row["stratum"] = kind.stratum_of(kind.stored(row["data"]), label.name)
    placement = Placement(connection, one.run, one.terms)
    placed = placement.place(row, label, None)
    placement.write()
    if not isinstance(placed, Rejection):
        return Bucket.RECORD
    table, its_row = _refused(row, label, placed)
    connection.execute(insert(table), [its_row])
    _write_down(connection, one, label)
    connection.execute(SETTLE, [settled_row(one.item_id, placed.bucket, STAGE, placed)])
    return placed.bucket


def _refused(row: Row, label: Label, why: Rejection) -> tuple[Table, Row]:
    if why.bucket is Bucket.DUPLICATE:
        return duplicates, duplicate_row(row, why)
    return over_quota, surplus_row(row, label)


def _write_down(connection: Connection, one: Decision, label: Label) -> None:
    connection.execute(insert(labels), [decision_row(one.item_id, label, datetime.now(UTC))])


def _rename(connection: Connection, one: Decision, label: Label) -> None:
    row = dict(connection.execute(select(records).where(records.c.record_id == one.item_id)).mappings().one())
    kind = one.terms.record_type
    stratum = kind.stratum_of(kind.stored(row["data"]), label.name)
    seats = Seats(connection, kind.name, one.terms.quota)
    seats.change(row["stratum"], -1)
    seats.change(stratum, 1)
    connection.execute(_CALLED, [with_label({"record": one.item_id, "stratum": stratum}, label)])
    _write_down(connection, one, label)
    seats.write()
    ask_about(connection, [(row | {"stratum": stratum}, label)], one.terms.sampling, seats)


def _leave(connection: Connection, item_id: str) -> Row:
    """Take an item out of where it waits, or is no record."""
    for table in (unlabelled, duplicates, over_quota):
        here = table.c.item_id == item_id
        if row := connection.execute(select(table).where(here)).mappings().first():
            connection.execute(delete(table).where(here))
            return {column.name: row[column.name] for column in unlabelled.c}
    raise LookupError(item_id)


def _wait(connection: Connection, row: Row, why: Rejection) -> None:
    connection.execute(insert(unlabelled), [row])
    connection.execute(SETTLE, [settled_row(row["item_id"], why.bucket, LABEL_STAGE, why)])
