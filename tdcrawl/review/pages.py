"""What people see: their task and its guideline, how far they are, and what became of their last answer."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tdcrawl.labeling.agreement import majority
from tdcrawl.labeling.prompt import question_of, shown_text
from tdcrawl.records import RECORD_TYPES
from tdcrawl.review.queue import Queue
from tdcrawl.store import review_figures, reviewing
from tdcrawl.store.deciding import bucket_of
from tdcrawl.store.reviewing import Task
from tdcrawl.store.shown import shown_row
from tdcrawl.store.waiting import DECIDED

# Why people are asked, in words that do not tell what anybody answered.
_REASONS = {
    "rating_text_conflict": "What its page says about this one does not fit together.",
    "votes_disagree": "The answers to this one differ so far.",
    "suspected_injection": "This one is unlike others of its kind.",
    "label_failed": "Nobody could be asked about this one so far.",
    "label_error": "This one has words that others of its name have not.",
}
_OTHERWISE = "This one is part of a sample."
_BECAME = {
    "record": "It is a record now.",
    "over_quota": "There are enough of these: it is kept as surplus.",
    "duplicate": "It repeats another record.",
}


def render(template: str, **values: Any) -> str:
    """Write a page, or a part of one; whatever records say is text in it, never markup."""
    return _environment().get_template(template).render(values)


def task_values(queue: Queue, reviewer: str) -> dict[str, Any]:
    """Give what is shown of a person's next task, and how far they are."""
    task = queue.next(reviewer)
    values: dict[str, Any] = {"task": task, "progress": review_figures.progress(queue.engine, reviewer)}
    if task is None:
        return values
    with queue.engine.connect() as connection:
        row = shown_row(connection, task.item_id)
        answers = reviewing.answers(connection, task.task_id)
    kind = RECORD_TYPES[task.record_type]
    assert row is not None
    return values | {
        "question": question_of(kind),
        "text": shown_text(kind, kind.stored(row["data"])),
        "site": row["site"],
        "group": row["group_key"],
        "why": _REASONS.get(task.kind, _OTHERWISE),
        "adjudicates": len(answers) >= task.wanted,
    }


def answered_values(queue: Queue, task: Task, reviewer: str) -> dict[str, Any]:
    """Give what is told of a task once a person has answered it: what others said, and what became of it."""
    with queue.engine.connect() as connection:
        answers = reviewing.answers(connection, task.task_id)
        others = review_figures.said_by_others(connection, task, reviewer)
        bucket = bucket_of(connection, task.item_id)
    is_decided = task.state == DECIDED
    return {
        "said": answers.get(reviewer),
        "others": others,
        "decided": majority(answers.values()) if is_decided else None,
        "became": _BECAME.get(bucket, "") if is_decided else "Others are asked too.",
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tdcrawl.review"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=StrictUndefined,
    )  # fmt: skip
    environment.filters |= {
        "words": lambda name: name.replace("_", " "),
        "number": "{:,}".format,
        "figure": lambda share: "–" if share is None else f"{share:.2f}",
    }
    return environment
