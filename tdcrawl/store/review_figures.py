"""What people have done with their tasks, counted and listed; nothing is changed here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from tdcrawl.records.naming import PERSON
from tdcrawl.store.engine import reading
from tdcrawl.store.label_tables import labels, review_tasks
from tdcrawl.store.reviewing import Task, note
from tdcrawl.store.rows import VOTE, Row
from tdcrawl.store.shown import shown_row
from tdcrawl.store.waiting import DECIDED, OPEN

_ROWS_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Answered:
    """Hold the answers to a task that stand, by person."""

    decided: bool
    answers: dict[str, str] = field(default_factory=dict)


def progress(engine: Engine, reviewer: str) -> dict[str, int]:
    """Count the tasks that are open and decided, and the answers that a person gave, those taken back left out."""
    by_state = select(review_tasks.c.state, func.count()).group_by(review_tasks.c.state)
    mine = (labels.c.reviewer == reviewer) & labels.c.task_id.is_not(None)
    given = select(func.count(labels.c.label) * 2 - func.count()).where(mine)
    with engine.connect() as connection:
        counted: dict[str, int] = dict(connection.execute(by_state).all())
        return {OPEN: 0, DECIDED: 0, **counted, "mine": connection.scalar(given) or 0}


def open_types(engine: Engine) -> set[str]:
    """Name the record types that have open tasks."""
    query = select(review_tasks.c.record_type).where(review_tasks.c.state == OPEN).distinct()
    with engine.connect() as connection:
        return set(connection.scalars(query))


def all_answered(connection: Connection) -> list[Answered]:
    """List the tasks that anybody has answered, with the answers that stand."""
    said = select(labels.c.task_id, labels.c.reviewer, labels.c.label, review_tasks.c.state)
    here = review_tasks.c.task_id == labels.c.task_id
    found: dict[int, Answered] = {}
    for row in connection.execute(said.join(review_tasks, here).order_by(labels.c.label_id)):
        answered = found.setdefault(row.task_id, Answered(row.state == DECIDED))
        note(answered.answers, row.reviewer, row.label)
    return list(found.values())


def said_by_others(connection: Connection, task: Task, reviewer: str) -> list[dict[str, Any]]:
    """List what models, and people but one, answered about an item, the first answer first."""
    votes = select(labels).where(labels.c.record_id == task.item_id, labels.c.kind == VOTE)
    rows = connection.execute(votes.order_by(labels.c.label_id)).mappings()
    said = {_who(row): dict(row) for row in rows if row["reviewer"] != reviewer}
    return [row for row in said.values() if row["label"] is not None]


def tasks_with_rows(engine: Engine) -> Iterator[tuple[Task, Row, list[Row]]]:
    """Stream all tasks whose items have something to show, each with its row and all that people answered to it."""
    last = 0
    query = select(*(review_tasks.c[name] for name in Task.__dataclass_fields__)).order_by(review_tasks.c.task_id)
    while True:
        with reading(engine) as connection:
            found = connection.execute(query.where(review_tasks.c.task_id > last).limit(_ROWS_AT_A_TIME)).all()
            tasks = [Task(*row) for row in found]
            shown = [
                (task, row, _answers(connection, task))
                for task in tasks
                if (row := shown_row(connection, task.item_id))
            ]
        if not tasks:
            return
        yield from shown
        last = tasks[-1].task_id


def _answers(connection: Connection, task: Task) -> list[Row]:
    mine = (labels.c.task_id == task.task_id) & (labels.c.source == PERSON)
    return [dict(row) for row in connection.execute(select(labels).where(mine).order_by(labels.c.label_id)).mappings()]


def _who(row: Any) -> tuple[Any, ...]:
    return (row["reviewer"], row["version"], row["vote"])
