"""What waits for a label: for a model, or for the people who are asked."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from tdcrawl.outcomes import Bucket, LabelReason
from tdcrawl.records.base import digest
from tdcrawl.records.naming import MODEL, PERSON, RULE, Label
from tdcrawl.store.label_tables import labels, review_tasks, unlabelled
from tdcrawl.store.look_up import among, in_turn, look_up
from tdcrawl.store.rows import DECISION, Row, item_row
from tdcrawl.store.seats import Seats
from tdcrawl.store.tables import outcomes, records
from tdcrawl.store.terms import Sampling

OPEN, DECIDED = "open", "decided"
"""The states of a review task."""
PRIORITIES = {
    LabelReason.RATING_TEXT_CONFLICT: 30,
    LabelReason.VOTES_DISAGREE: 20,
    LabelReason.SUSPECTED_INJECTION: 10,
    LabelReason.LABEL_FAILED: 10,
}
"""Which tasks come first: where an answer is worth most."""
AUDIT, MINORITY_CLASS = "audit", "minority_class"
"""The kinds of tasks about labels that nobody doubts: some of all of them, and more of those of the rarest class."""
_AUDIT_PRIORITY, _MINORITY_PRIORITY = 5, 7
LABEL_ERROR = "label_error"
"""The kind of a task about a label that other records belie."""
_DIGITS = 8


def ask_people(connection: Connection, settled: Sequence[Row], rows: Sequence[Row]) -> None:
    """Open a review task for each item that was settled as one that needs review."""
    reasons = {row["item"]: row["why"] for row in settled if row["place"] is Bucket.NEEDS_REVIEW}
    _open(connection, [task_row(row, reasons[row["item_id"]]) for row in rows if row["item_id"] in reasons])


def ask_about(connection: Connection, kept: Sequence[tuple[Row, Label]], sampling: Sampling, seats: Seats) -> None:
    """Open review tasks for records: each whose text belies its rating, and some of what votes have labelled.

    Which ones of those id and version decide, so that each version has a sample of its own.
    """
    tasks = list[Row]()
    for row, label in kept:
        if label.source == RULE and LabelReason.RATING_TEXT_CONFLICT in row["flags"]:
            tasks.append(task_row(item_row(row), LabelReason.RATING_TEXT_CONFLICT))
        elif label.source == MODEL:
            tasks += _sampled(row, label.version, sampling, seats)
    _open(connection, tasks)


def _sampled(row: Row, version: str, sampling: Sampling, seats: Seats) -> list[Row]:
    place = _place_in_line(row["record_id"], version)
    if place < sampling.audit:
        return [task_row(item_row(row), AUDIT, _AUDIT_PRIORITY)]
    if place < sampling.minority and seats.is_rare(row["stratum"]):
        return [task_row(item_row(row), MINORITY_CLASS, _MINORITY_PRIORITY)]
    return []


def doubt(connection: Connection, doubted: Mapping[str, int], record_type: str, most: int) -> list[str]:
    """Open tasks about labels that are in doubt, at most so many, in their order; gives the ids of their records.

    `doubted` are priorities by record. What people have named, or are asked about already, is passed over.
    """
    ids = list(doubted)
    unnamed = select(records.c.record_id).where(among(records.c.record_id), records.c.label_source != PERSON)
    asked = select(review_tasks.c.item_id).where(among(review_tasks.c.item_id), review_tasks.c.state == OPEN)
    free = {row[0] for row in look_up(connection, unnamed, ids)} - {row[0] for row in look_up(connection, asked, ids)}
    chosen = [item_id for item_id in ids if item_id in free][:most]
    rows = [{"item_id": item_id, "record_type": record_type} for item_id in chosen]
    _open(connection, [task_row(row, LABEL_ERROR, doubted[row["item_id"]]) for row in rows])
    return chosen


def _open(connection: Connection, tasks: Sequence[Row]) -> None:
    """Insert tasks; one that was there already is as it was."""
    if tasks:
        ids = [task["item_id"] for task in tasks]
        there = select(review_tasks.c.item_id, review_tasks.c.kind).where(among(review_tasks.c.item_id))
        known = {tuple(row) for row in look_up(connection, there, ids)}
        new = [task for task in tasks if (task["item_id"], task["kind"]) not in known]
        if new:
            connection.execute(insert(review_tasks), new)


def _place_in_line(record_id: str, version: str) -> float:
    return int(digest(record_id, version)[:_DIGITS], 16) / float(16**_DIGITS)


def task_row(row: Row, kind: str, priority: int | None = None, wanted: int = 1) -> Row:
    """Build a task: people are to say what an item is called."""
    return {
        "item_id": row["item_id"],
        "record_type": row["record_type"],
        "kind": kind,
        "priority": PRIORITIES[LabelReason(kind)] if priority is None else priority,
        "wanted": wanted,
        "state": OPEN,
        "created_at": datetime.now(UTC),
    }


def last_decision(connection: Connection, record_id: str) -> Label | None:
    """Read what a model or people called a record last; None where they did not, or took it back."""
    mine = (labels.c.record_id == record_id) & (labels.c.kind == DECISION)
    last = connection.execute(select(labels).where(mine).order_by(labels.c.label_id.desc()).limit(1)).first()
    if last is None or last.label is None or last.source == RULE:
        return None  # What a rule says is asked of the rule, as it is now.
    return Label(last.label, last.source, last.version, last.confidence)


def count_for_model(engine: Engine) -> dict[str, int]:
    """Count by record type what waits for a model."""
    query = _for_model(unlabelled.c.record_type, func.count()).group_by(unlabelled.c.record_type)
    with engine.connect() as connection:
        return dict(connection.execute(query).all())


def for_model(engine: Engine, record_type: str) -> Iterator[Row]:
    """Stream what waits for a model, the oldest first: the rows of `unlabelled`."""
    query = _for_model(unlabelled).where(unlabelled.c.record_type == record_type)
    return in_turn(engine, query, unlabelled.c.item_id)


def count_tasks(engine: Engine) -> int:
    """Count the tasks that people have not decided yet."""
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).where(review_tasks.c.state == OPEN)) or 0


def _for_model(*what: Any) -> Any:
    here = (outcomes.c.item_id == unlabelled.c.item_id) & (outcomes.c.bucket == Bucket.PENDING)
    return select(*what).select_from(unlabelled.join(outcomes, here))
