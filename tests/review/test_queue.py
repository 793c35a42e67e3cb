"""The queue: who is asked what, what comes of the answers, and how they are taken back."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tdcrawl.errors import ReviewError
from tdcrawl.outcomes import LabelReason
from tdcrawl.review.queue import LEASE, Queue
from tdcrawl.store.engine import Engine, writing
from tdcrawl.store.label_tables import labels, review_leases, review_tasks
from tdcrawl.store.tables import outcomes, records
from tdcrawl.store.verify import check_ledger
from tdcrawl.store.waiting import task_row
from tests.reviewing import a_queue, ask, tasks, unnamed

NAMES = ("one", "two", "three")


def given(queue: Queue, reviewer: str) -> int | None:
    """Give the number of the task that a person gets."""
    task = queue.next(reviewer)
    return task.task_id if task else None


def later(queue: Queue, by: timedelta) -> None:
    """Let time pass."""
    moment = queue.now() + by
    queue.now = lambda: moment


def records_of(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(records.c.label)))


def test_next_gives_what_is_worth_most_first_and_nothing_to_two(database_url: str) -> None:
    engine = ask(database_url, map(unnamed, NAMES))
    first, second, third = sorted(tasks(engine).values())
    with writing(engine) as connection:
        connection.execute(update(review_tasks).where(review_tasks.c.task_id == third).values(priority=90))
    queue = a_queue(engine)
    assert [given(queue, who) for who in ("ann", "ben", "cat", "dan")] == [third, first, second, None]
    assert given(queue, "ann") == third, "what is before her stays before her"
    engine.dispose()


def test_next_gives_a_task_to_others_when_its_lease_is_over(database_url: str) -> None:
    engine = ask(database_url, [unnamed("one")])
    queue, (task,) = a_queue(engine), tasks(engine).values()
    assert (given(queue, "ann"), given(queue, "ben")) == (task, None)
    later(queue, LEASE)
    assert (given(queue, "ben"), given(queue, "ann")) == (task, None)
    with pytest.raises(ReviewError, match="somebody else has it now"):
        queue.answer("ann", task, "positive")
    assert queue.answer("ben", task, "positive").state == "decided"
    with engine.connect() as connection:
        assert connection.execute(select(review_leases)).all() == []
    engine.dispose()


def test_skip_gives_the_lease_back_and_comes_last(database_url: str) -> None:
    engine = ask(database_url, map(unnamed, NAMES[:2]))
    queue, (first, second) = a_queue(engine), sorted(tasks(engine).values())
    assert given(queue, "ann") == first
    queue.skip("ann", first)
    assert (given(queue, "ben"), given(queue, "ann")) == (first, second)
    queue.skip("ben", first)
    queue.skip("ann", second)
    later(queue, timedelta(seconds=1))
    assert given(queue, "ann") in {first, second}
    engine.dispose()


def test_answers_decide_when_as_many_as_are_wanted_have_a_majority(database_url: str) -> None:
    engine = ask(database_url, [unnamed("one")], wanted=2)
    queue, (task,) = a_queue(engine), tasks(engine).values()
    assert [given(queue, who) for who in ("ann", "ben", "cat")] == [task, task, None]
    assert queue.answer("ann", task, "positive").state == "open"
    assert given(queue, "ann") is None, "nobody is asked twice"
    with pytest.raises(ReviewError, match="answered already"):
        queue.answer("ann", task, "negative")
    # They disagree: one more is wanted, one at a time.
    assert queue.answer("ben", task, "negative").state == "open"
    assert [given(queue, who) for who in ("cat", "dan")] == [task, None]
    assert queue.answer("cat", task, "negative").state == "decided"
    with engine.connect() as connection:
        said = select(labels.c.kind, labels.c.reviewer, labels.c.label, labels.c.source).order_by(labels.c.label_id)
        rows = [tuple(row) for row in connection.execute(said)]
    votes = [("ann", "positive"), ("ben", "negative"), ("cat", "negative")]
    assert rows == [*(("vote", *vote, "person") for vote in votes), ("decision", None, "negative", "person")]
    assert (records_of(engine), check_ledger(engine).problems) == (["negative"], [])
    engine.dispose()


def test_undo_takes_back_answer_and_decision_and_forgets_neither(database_url: str) -> None:
    engine = ask(database_url, map(unnamed, NAMES[:2]))
    queue, (first, second) = a_queue(engine), sorted(tasks(engine).values())
    queue.answer("ann", first, "positive")
    assert given(queue, "ann") == second
    assert queue.undo("ann").task_id == first
    # It is before her again; the one that was is anybody's.
    assert (given(queue, "ann"), given(queue, "ben")) == (first, second)
    assert (records_of(engine), check_ledger(engine).problems) == ([], [])
    queue.answer("ann", first, "negative")
    with engine.connect() as connection:
        said = connection.scalars(select(labels.c.label).where(labels.c.kind == "vote").order_by(labels.c.label_id))
        assert said.all() == ["positive", None, "negative"]
    assert (records_of(engine), check_ledger(engine).problems) == (["negative"], [])
    with pytest.raises(ReviewError, match="no answer of yours"):
        queue.undo("ben")
    engine.dispose()


def test_undo_when_others_have_built_on_it_is_refused(database_url: str) -> None:
    engine = ask(database_url, [unnamed("one")], wanted=2)
    queue, (task,) = a_queue(engine), tasks(engine).values()
    queue.answer("ann", task, "positive")
    queue.answer("ben", task, "positive")
    with pytest.raises(ReviewError, match="cannot be taken back"):
        queue.undo("ann")
    assert records_of(engine) == ["positive"]
    assert queue.undo("ben").state == "decided"
    with engine.connect() as connection:
        assert connection.scalars(select(review_tasks.c.state)).all() == ["open"]
    # With it gone, hers is the last one.
    assert queue.undo("ann").task_id == task
    assert (records_of(engine), check_ledger(engine).problems) == ([], [])
    engine.dispose()


def test_audit_of_a_record_renames_it_and_undo_names_it_as_before(database_url: str) -> None:
    engine = ask(database_url, [unnamed("one")])
    queue, ((item_id, task),) = a_queue(engine), tasks(engine).items()
    queue.answer("ann", task, "positive")
    with writing(engine) as connection:
        row = task_row({"item_id": item_id, "record_type": "review"}, "audit", 0)
        connection.execute(review_tasks.insert(), [row])
    audit = given(queue, "ben")
    assert audit is not None
    queue.answer("ben", audit, "neutral")
    assert (records_of(engine), check_ledger(engine).problems) == (["neutral"], [])
    with pytest.raises(ReviewError, match="cannot be taken back"):
        queue.undo("ann")
    queue.undo("ben")
    assert (records_of(engine), check_ledger(engine).problems) == (["positive"], [])
    engine.dispose()


def test_next_asks_nobody_about_what_has_failed_meanwhile(database_url: str) -> None:
    engine = ask(database_url, [unnamed("one")])
    with writing(engine) as connection:
        connection.execute(update(outcomes).values(bucket="failed"))
    assert a_queue(engine).next("ann") is None
    engine.dispose()


def test_answer_that_nobody_was_asked_for_is_refused(database_url: str) -> None:
    engine = ask(database_url, [unnamed("one")], LabelReason.LABEL_FAILED)
    queue, (task,) = a_queue(engine), tasks(engine).values()
    for number, label in ((task, "splendid"), (task + 1, "positive")):
        with pytest.raises(ReviewError, match="There is no such"):
            queue.answer("ann", number, label)
    engine.dispose()
