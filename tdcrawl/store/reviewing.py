"""Tasks for people: whose turn is which, who said what, and how an answer is taken back. All within a transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, exists, func, insert, select, update

from tdcrawl.outcomes import Bucket
from tdcrawl.records.naming import PERSON, Label
from tdcrawl.store.label_tables import labels, review_leases, review_tasks
from tdcrawl.store.rows import DECISION, VOTE
from tdcrawl.store.tables import ON_ITS_WAY, outcomes
from tdcrawl.store.waiting import DECIDED, OPEN

_BEST = (100, 10_000, None)
_STANDING = func.coalesce(func.sum(case((labels.c.label.is_(None), -1), else_=1)), 0)
"""How many of some answers stand: each one that was taken back has a row of its own."""
_task = review_tasks.c
_lease = review_leases.c
_others = review_leases.alias("others")


@dataclass(frozen=True, slots=True)
class Task:
    """Hold one question to people: `wanted` of them are to answer, and one more wherever they have no majority."""

    task_id: int
    item_id: str
    record_type: str
    kind: str
    wanted: int
    state: str


_TASK = select(*(_task[name] for name in Task.__dataclass_fields__))


def find(connection: Connection, task_id: int) -> Task | None:
    """Read a task."""
    return _first(connection, _TASK.where(_task.task_id == task_id))


def leased(connection: Connection, reviewer: str, now: datetime) -> Task | None:
    """Give the task that a person has before them, the last one that was given to them."""
    mine = select(_lease.task_id).where(_lease.reviewer == reviewer, _lease.until > now)
    task_id = connection.scalar(mine.order_by(_lease.until.desc()).limit(1))
    return None if task_id is None else find(connection, task_id)


def next_task(connection: Connection, reviewer: str, record_types: Collection[str], now: datetime) -> Task | None:
    """Find what is best asked of a person next: what is worth most, and last what they let go, the longest ago first.

    None of what they have answered, and no more people at a time on one than are still wanted.
    """
    mine = (_lease.task_id == _task.task_id) & (_lease.reviewer == reviewer)
    free = _TASK.where(_task.record_type.in_(record_types), has_room(reviewer, now), _is_there())
    best = (_task.priority.desc(), _task.task_id)
    fresh = free.where(_task.state == OPEN, ~exists().where(mine)).order_by(*best)
    for many in _BEST:
        # Among the best few first: a database without statistics would look through all of them each time.
        few = select(_task.task_id).where(_task.state == OPEN).order_by(*best).limit(many).correlate(None)
        if task := _first(connection, fresh.where(_task.task_id.in_(few)) if many else fresh):
            return task
    # What is decided has no leases.
    return _first(connection, free.join_from(review_leases, review_tasks, mine).order_by(_lease.until))


def has_room(reviewer: str, now: datetime) -> ColumnElement[bool]:
    """Say whether a person may answer a task: not twice, and only while others do not suffice."""
    answers = select(_STANDING).where(labels.c.task_id == _task.task_id)
    others = (_others.c.task_id == _task.task_id) & (_others.c.reviewer != reviewer) & (_others.c.until > now)
    busy = select(func.count()).select_from(_others).where(others).scalar_subquery()
    missing = _task.wanted - answers.scalar_subquery()
    # An open task that has its answers lacks a majority: one more person at a time.
    room = case((missing > 1, missing), else_=1)
    return (busy < room) & (answers.where(labels.c.reviewer == reviewer).scalar_subquery() == 0)


def is_free(connection: Connection, task_id: int, reviewer: str, now: datetime) -> bool:
    """Say whether a person may answer this task now."""
    query = select(_task.task_id).where(_task.task_id == task_id, _task.state == OPEN, has_room(reviewer, now))
    return connection.scalar(query) is not None


def lease(connection: Connection, task_id: int, reviewer: str, until: datetime) -> None:
    """Give a task to a person; with a time that has come it is let go."""
    here = (_lease.task_id == task_id) & (_lease.reviewer == reviewer)
    if connection.execute(update(review_leases).where(here).values(until=until)).rowcount == 0:
        row = {"task_id": task_id, "reviewer": reviewer, "until": until}
        connection.execute(insert(review_leases), [row])


def give_back(connection: Connection, reviewer: str, now: datetime) -> None:
    """Take from a person what is before them, as if it had never been shown."""
    connection.execute(delete(review_leases).where(_lease.reviewer == reviewer, _lease.until > now))


def answer(connection: Connection, task: Task, reviewer: str, label: str | None, version: str) -> None:
    """Write what a person said, or with no label that they take it back; their lease is over."""
    row = {
        "record_id": task.item_id, "kind": VOTE, "label": label, "source": PERSON, "version": version,
        "reviewer": reviewer, "task_id": task.task_id, "at": datetime.now(UTC),
    }  # fmt: skip
    connection.execute(insert(labels), [row])
    here = (_lease.task_id == task.task_id) & (_lease.reviewer == reviewer)
    connection.execute(delete(review_leases).where(here))


def answers(connection: Connection, task_id: int) -> dict[str, str]:
    """Give the answers that stand, by person, the last one last."""
    query = select(labels.c.reviewer, labels.c.label).where(labels.c.task_id == task_id).order_by(labels.c.label_id)
    found: dict[str, str] = {}
    for reviewer, label in connection.execute(query):
        note(found, reviewer, label)
    return found


def note(answers: dict[str, str], reviewer: str, label: str | None) -> None:
    """Take one more answer among those that stand, the last one last; without a label it takes back the one before."""
    answers.pop(reviewer, None)
    if label is not None:
        answers[reviewer] = label


def last_answered(connection: Connection, reviewer: str) -> Task | None:
    """Find the task that a person answered last, of those whose answers stand."""
    mine = select(labels.c.task_id).where(labels.c.reviewer == reviewer, labels.c.task_id.is_not(None))
    last = mine.group_by(labels.c.task_id).having(_STANDING > 0).order_by(func.max(labels.c.label_id).desc())
    task_id = connection.scalar(last.limit(1))
    return None if task_id is None else find(connection, task_id)


def close(connection: Connection, task_id: int) -> None:
    """Say that a task is decided: nobody has it any more."""
    end = {"state": DECIDED, "decided_at": datetime.now(UTC)}
    connection.execute(update(review_tasks).where(_task.task_id == task_id).values(end))
    connection.execute(delete(review_leases).where(_lease.task_id == task_id))


def reopen(connection: Connection, task_id: int) -> None:
    """Say that a task is not decided after all."""
    connection.execute(update(review_tasks).where(_task.task_id == task_id).values(state=OPEN, decided_at=None))


def called_before(connection: Connection, task: Task, reviewer: str) -> Label | None:
    """Say what an item was called when a person answered last."""
    told = _decisions(task, labels.c.label_id < _answered(task, reviewer)).order_by(labels.c.label_id.desc())
    row = connection.execute(told.limit(1)).first()
    return Label(row.label, row.source, row.version, row.confidence) if row and row.label else None


def decisions_since(connection: Connection, task: Task, reviewer: str) -> int:
    """Count how often it was said since what the item is called."""
    told = _decisions(task, labels.c.label_id > _answered(task, reviewer))
    return connection.scalar(select(func.count()).select_from(told.subquery())) or 0


def _is_there() -> ColumnElement[bool]:
    # What failed, or is on its way through the stages again, has no row to show.
    return exists().where(outcomes.c.item_id == _task.item_id, outcomes.c.bucket != Bucket.FAILED, ~ON_ITS_WAY)


def _answered(task: Task, reviewer: str) -> Any:
    mine = (labels.c.task_id == task.task_id) & (labels.c.reviewer == reviewer)
    return select(func.max(labels.c.label_id)).where(mine).scalar_subquery()


def _decisions(task: Task, when: ColumnElement[bool]) -> Any:
    return select(labels).where(labels.c.record_id == task.item_id, labels.c.kind == DECISION, when)


def _first(connection: Connection, query: Any) -> Task | None:
    row = connection.execute(query.limit(1)).first()
    return Task(*row) if row else None
