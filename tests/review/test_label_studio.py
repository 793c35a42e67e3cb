"""Label Studio's JSON: what is exported here is answered there, and what comes back is an answer like any other."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tdcrawl.errors import StoreError
from tdcrawl.review import label_studio
from tdcrawl.store.engine import Engine
from tdcrawl.store.label_tables import labels
from tdcrawl.store.verify import check_ledger
from tests.reviewing import a_queue, ask, tasks, unnamed


def choice(label: str, **more: Any) -> dict[str, Any]:
    """Build an annotation as Label Studio exports it."""
    result = {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
    return {"id": 7, "was_cancelled": False, "result": [result], **more}


def votes(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        mine = select(labels.c.reviewer, labels.c.label).where(labels.c.kind == "vote").order_by(labels.c.label_id)
        return [(reviewer, label) for reviewer, label in connection.execute(mine)]


def test_answers_come_back_the_same_when_exported_from_one_and_imported_to_another(tmp_path: Path) -> None:
    items = [unnamed(name) for name in ("one", "two", "three")]
    (one, other), files = (ask(f"sqlite:///{tmp_path}/{name}.db", items, wanted=2) for name in "ab"), []
    first, second, _ = sorted(tasks(one).values())
    queue = a_queue(one)
    for reviewer, task, label in (("ann", first, "positive"), ("ben", first, "positive"), ("ann", second, "neutral")):
        queue.answer(reviewer, task, label)
    queue.undo("ann")
    queue.answer("ann", second, "negative")
    for number, engine in enumerate((one, other)):
        files.append(tmp_path / f"{number}.json")
        if engine is other:
            told = label_studio.read(a_queue(other), files[0])
            assert told == {"imported": 3, "passed_over": {}}
            again = label_studio.read(a_queue(other), files[0])
            assert (again["imported"], sum(again["passed_over"].values())) == (0, 3)
        assert label_studio.write(engine, files[number]) == 3
        engine.dispose()
    sent, returned = (json.loads(file.read_text()) for file in files)
    assert [task["data"] for task in sent] == [task["data"] for task in returned]
    assert sent[0]["data"]["text"] == items[0].believed().model_dump()["text"]
    answers = [
        [[(each["completed_by"], each["result"]) for each in task["annotations"]] for task in tasks_]
        for tasks_ in (sent, returned)
    ]
    assert answers[0] == answers[1]
    assert [len(task) for task in answers[0]] == [2, 1, 0]


def test_import_takes_what_fits_and_tells_of_the_rest(database_url: str, tmp_path: Path) -> None:
    engine = ask(database_url, [unnamed("one"), unnamed("two")], wanted=2)
    (item_id, task), (_, second) = sorted(tasks(engine).items(), key=lambda pair: pair[1])
    data = {"task_id": task, "item_id": item_id}
    annotations = [
        choice("positive", completed_by={"email": "Ann.Lee@shop.example"}),
        choice("positive", completed_by={"email": "Ann.Lee@shop.example"}),
        choice("splendid", completed_by=3),
        choice("positive", completed_by=4, was_cancelled=True),
        {"result": [{"value": {"rating": 4}}]},
        {"result": None},
    ]
    foreign = {"data": {"task_id": second, "item_id": item_id}, "annotations": [choice("positive")]}
    lacks = {"data": {"text": "…"}, "annotations": [choice("positive", completed_by=5)]}
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps([{"id": 1, "data": data, "annotations": annotations}, foreign, lacks, {"data": data}]))
    told = label_studio.read(a_queue(engine), file)
    assert told["imported"] == 1
    assert sorted(told["passed_over"].values()) == [1, 1, 2, 3]
    assert votes(engine) == [("ann_lee_shop_example", "positive")]
    file.write_text(json.dumps([{"data": data, "annotations": [choice("positive", completed_by=3)]}]))
    assert label_studio.read(a_queue(engine), file)["imported"] == 1
    assert votes(engine)[1:] == [("label_studio_3", "positive")]
    assert (check_ledger(engine).items["record"], check_ledger(engine).problems) == (1, [])
    engine.dispose()


@pytest.mark.parametrize(
    "told", ["{", '{"a": 1}', "[1]", '[{"annotations": [1]}]', '[{"data": {}, "annotations": [1]}]']
)
def test_import_of_another_file_is_refused(tmp_path: Path, told: str) -> None:
    engine = ask(f"sqlite:///{tmp_path}/a.db", [unnamed("one")])
    file = tmp_path / "tasks.json"
    file.write_text(told)
    with pytest.raises(StoreError, match="is no list of Label Studio's tasks"):
        label_studio.read(a_queue(engine), file)
    with pytest.raises(StoreError, match="cannot read"):
        label_studio.read(a_queue(engine), tmp_path / "absent.json")
    with pytest.raises(StoreError, match="cannot write"):
        label_studio.write(engine, tmp_path / "absent" / "tasks.json")
    engine.dispose()
