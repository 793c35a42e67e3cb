"""Tasks and answers as Label Studio keeps them, for teams that have one: JSON, a list of tasks with annotations."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tdcrawl.errors import ReviewError, StoreError
from tdcrawl.labeling.prompt import question_of, shown_text
from tdcrawl.records import RECORD_TYPES
from tdcrawl.review.queue import ASKABLE, Queue
from tdcrawl.store import reviewing
from tdcrawl.store.engine import Engine
from tdcrawl.store.review_figures import tasks_with_rows
from tdcrawl.store.reviewing import Task
from tdcrawl.store.rows import Row

_NOBODY = "label_studio"
_NO_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 63


def write(engine: Engine, file: Path) -> int:
    """Write all tasks with the answers that stand; returns how many tasks. Raises StoreError."""
    number = 0
    try:
        with file.open("w", encoding="utf-8") as out:
            out.write("[")
            for number, task in enumerate(_tasks(engine), start=1):
                out.write((",\n" if number > 1 else "\n") + json.dumps(task, ensure_ascii=False))
            out.write("\n]\n")
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror}") from error
    return number


def read(queue: Queue, file: Path) -> dict[str, Any]:
    """Take the annotations of a file as answers, those passed over that are known or do not fit.

    Returns how many were taken, and how many were not for which reason. Raises StoreError where it is no such file.
    """
    taken, refused = 0, Counter[str]()
    for task, annotation in _annotations(file):
        try:
            number, label = _task_of(queue, task), _choice(annotation)
            queue.answer(_reviewer(annotation), number, label)
            taken += 1
        except ReviewError as refusal:
            refused[str(refusal)] += 1
    return {"imported": taken, "passed_over": dict(refused)}


def _tasks(engine: Engine) -> Iterator[dict[str, Any]]:
    for task, row, answers in tasks_with_rows(engine):
        if task.record_type in ASKABLE:
            yield _task(task, row, answers)


def _task(task: Task, row: Row, answers: list[Row]) -> dict[str, Any]:
    kind = RECORD_TYPES[task.record_type]
    data = {
        "task_id": task.task_id,
        "item_id": task.item_id,
        "record_type": task.record_type,
        "site": row["site"],
        "group": row["group_key"],
        "question": question_of(kind).ask,
        "text": shown_text(kind, kind.stored(row["data"])),
    }
    # A later answer of the same person stands for an earlier one.
    standing = {answer["reviewer"]: answer for answer in answers}
    annotations = [_annotation(answer) for answer in standing.values() if answer["label"]]
    return {"id": task.task_id, "data": data, "annotations": annotations}


def _annotation(answer: Row) -> dict[str, Any]:
    choice = {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [answer["label"]]}}
    return {
        "id": answer["label_id"],
        "completed_by": {"email": answer["reviewer"]},
        "created_at": answer["at"].isoformat(),
        "result": [choice],
    }


def _annotations(file: Path) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    try:
        tasks = json.loads(file.read_text(encoding="utf-8"))
        pairs = [(dict(task["data"]), dict(each)) for task in tasks for each in task.get("annotations", ())]
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(f"{file} is no list of Label Studio's tasks: {error!r}") from error
    return iter(pairs)


def _task_of(queue: Queue, data: Mapping[str, Any]) -> int:
    """Find the task that was exported; one of another database may have its number, but not its item."""
    number = data.get("task_id")
    if isinstance(number, int):
        with queue.engine.connect() as connection:
            task = reviewing.find(connection, number)
        if task and task.item_id == data.get("item_id"):
            return number
    raise ReviewError("There is no such task.")


def _choice(annotation: Mapping[str, Any]) -> str:
    try:
        results = [] if annotation.get("was_cancelled") else annotation["result"]
        (choice,) = (choice for result in results for choice in result["value"]["choices"])
    except (KeyError, TypeError, ValueError):
        raise ReviewError("There is not one answer.") from None
    return str(choice)


def _reviewer(annotation: Mapping[str, Any]) -> str:
    """Name who answered, as names are spelt here: by their address, else by their number in Label Studio."""
    by = annotation.get("completed_by")
    told = by.get("email") if isinstance(by, Mapping) else f"{_NOBODY}_{by or ''}"
    name = _NO_NAME.sub("_", str(told or "").lower()).strip("_")
    return name[:_LONGEST_NAME] if name[:1].isalpha() else _NOBODY
