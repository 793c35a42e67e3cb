"""WHAT DO PEOPLE SAY? Who is asked what, and what comes of an answer: one transaction, and nothing is forgotten."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from tdcrawl import faults
from tdcrawl.errors import ReviewError
from tdcrawl.labeling.agreement import majority
from tdcrawl.labeling.prompt import question_of, wording_of
from tdcrawl.outcomes import LabelReason
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.naming import PERSON, Label
from tdcrawl.store import reviewing
from tdcrawl.store.deciding import Decision, decide, withdraw
from tdcrawl.store.engine import Connection, Engine, writing
from tdcrawl.store.reviewing import Task
from tdcrawl.store.rows import Run
from tdcrawl.store.terms import Terms
from tdcrawl.store.waiting import DECIDED

LEASE = timedelta(minutes=10)
"""How long a task stays with whoever has it before them."""
ASKABLE = tuple(name for name, kind in RECORD_TYPES.items() if kind.question)
"""The record types that people can be asked about."""


@dataclass
class Queue:
    """Hand tasks to people and take their answers; `terms_of` gives what records of a type are measured by.

    One at a time: the database has one writer, and the index of near-duplicates is of one thread.
    """

    engine: Engine
    run: Run
    terms_of: Callable[[str], Terms]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _lock: Lock = field(default_factory=Lock)

    def next(self, reviewer: str) -> Task | None:
        """Give a person the task that they have already, or the next one; None where nothing is left for them."""
        now = self.now()
        with self._lock, writing(self.engine) as connection:
            task = reviewing.leased(connection, reviewer, now)
            task = task or reviewing.next_task(connection, reviewer, ASKABLE, now)
            if task:
                reviewing.lease(connection, task.task_id, reviewer, now + LEASE)
            return task

    def skip(self, reviewer: str, task_id: int) -> None:
        """Let a task go: it is free for others, and comes last for this person."""
        now = self.now()
        with self._lock, writing(self.engine) as connection:
            if reviewing.is_free(connection, task_id, reviewer, now):
                reviewing.lease(connection, task_id, reviewer, now)

    def answer(self, reviewer: str, task_id: int, label: str) -> Task:
        """Write an answer, and decide where it is the last one that is wanted; raises ReviewError.

        Gives the task as it is then.
        """
        with self._lock:
            with writing(self.engine) as connection:
                task = self._answerable(connection, reviewer, task_id, label)
                reviewing.answer(connection, task, reviewer, label, wording_of(RECORD_TYPES[task.record_type]))
                self._decide(connection, task)
                answered = reviewing.find(connection, task_id)
                faults.point("review_before_commit")
            faults.point("review_after_commit")
        assert answered
        return answered

    def undo(self, reviewer: str) -> Task:
        """Take a person's last answer back, and what was decided by it; raises ReviewError.

        They have its task before them again.
        """
        with self._lock:
            with writing(self.engine) as connection:
                task = self._undoable(connection, reviewer)
                if task.state == DECIDED:
                    self._take_back(connection, task, reviewer)
                reviewing.answer(connection, task, reviewer, None, wording_of(RECORD_TYPES[task.record_type]))
                reviewing.give_back(connection, reviewer, self.now())
                reviewing.lease(connection, task.task_id, reviewer, self.now() + LEASE)
                faults.point("review_before_commit")
            faults.point("review_after_commit")
        return task

    def _answerable(self, connection: Connection, reviewer: str, task_id: int, label: str) -> Task:
        task = reviewing.find(connection, task_id)
        if task is None or task.record_type not in ASKABLE:
            raise ReviewError("There is no such task.")
        if label not in question_of(RECORD_TYPES[task.record_type]).meanings:
            raise ReviewError("There is no such answer.")
        if not reviewing.is_free(connection, task_id, reviewer, self.now()):
            raise ReviewError("That one is answered already, or somebody else has it now: your answer was not taken.")
        return task

    def _decide(self, connection: Connection, task: Task) -> None:
        answers = reviewing.answers(connection, task.task_id)
        label = majority(answers.values())
        if len(answers) < task.wanted or label is None:
            return
        self._call(connection, task, Label(label, PERSON, wording_of(RECORD_TYPES[task.record_type])))
        reviewing.close(connection, task.task_id)

    def _call(self, connection: Connection, task: Task, label: Label) -> None:
        decide(connection, [Decision(task.item_id, label, self.terms_of(task.record_type), self.run)])

    def _undoable(self, connection: Connection, reviewer: str) -> Task:
        task = reviewing.last_answered(connection, reviewer)
        if task is None:
            raise ReviewError("There is no answer of yours to take back.")
        last = next(reversed(reviewing.answers(connection, task.task_id)))
        is_decided = task.state == DECIDED
        if last != reviewer or (is_decided and reviewing.decisions_since(connection, task, reviewer) != 1):
            raise ReviewError("Others have built on your last answer: it cannot be taken back any more.")
        return task

    def _take_back(self, connection: Connection, task: Task, reviewer: str) -> None:
        """Have an item that had no name wait for people again; one that had a name is called so again."""
        before = reviewing.called_before(connection, task, reviewer)
        if before:
            self._call(connection, task, before)
        else:
            terms = self.terms_of(task.record_type)
            withdraw(connection, task.item_id, terms, self.run, LabelReason(task.kind))
        reviewing.reopen(connection, task.task_id)
