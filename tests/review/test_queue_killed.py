"""A process that dies at an answer: the answer and what it decided are there wholly, or not at all."""

import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from tdcrawl.store.engine import Engine, open_engine
from tdcrawl.store.label_tables import labels, review_tasks
from tdcrawl.store.tables import outcomes
from tdcrawl.store.verify import check_ledger
from tests.conftest import PROJECT
from tests.reviewing import a_queue, ask, unnamed

SCRIPT = """
import sys
from tdcrawl.store.engine import open_engine
from tests.reviewing import a_queue

queue = a_queue(open_engine(sys.argv[1]))
queue.undo("ann") if sys.argv[2] == "undo" else queue.answer("ann", 1, "positive")
"""
WAITS, DECIDED = ("needs_review", "open", 0), ("record", "decided", 2)


def state(engine: Engine) -> tuple[str, str, int]:
    """Say where the item is, how its task stands, and how many rows tell of answers and decisions."""
    assert check_ledger(engine).problems == []
    with engine.connect() as connection:
        bucket, task = connection.scalar(select(outcomes.c.bucket)), connection.scalar(select(review_tasks.c.state))
        return str(bucket), str(task), connection.scalar(select(func.count()).select_from(labels)) or 0


@pytest.mark.parametrize(
    ("point", "action", "expected"),
    [
        ("review_before_commit", "answer", WAITS),
        ("review_after_commit", "answer", DECIDED),
        ("review_before_commit", "undo", DECIDED),
        ("review_after_commit", "undo", ("needs_review", "open", 4)),
    ],
)
def test_a_kill_at_an_answer_leaves_all_of_it_or_nothing(
    database_url: str, point: str, action: str, expected: tuple[str, str, int]
) -> None:
    ask(database_url, [unnamed("one")]).dispose()
    engine = open_engine(database_url)
    if action == "undo":
        a_queue(engine).answer("ann", 1, "positive")
    env = os.environ | {"TDCRAWL_FAULT": f"{point}:1:kill9"}
    command = [sys.executable, "-c", SCRIPT, database_url, action]
    killed = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert state(engine) == expected
    # Whoever goes on finds a queue that works.
    if expected[1] == "open":
        a_queue(engine).answer("ann", 1, "negative")
        assert state(engine)[:2] == DECIDED[:2]
    engine.dispose()
