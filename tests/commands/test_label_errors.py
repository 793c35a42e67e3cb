"""`scrapy label errors`: people are asked about labels that the other records belie, the surest ones first."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from tdcrawl.records.naming import Label as NamedLabel
from tdcrawl.store.deciding import Decision, decide
from tdcrawl.store.engine import reading, writing
from tdcrawl.store.label_tables import review_tasks
from tdcrawl.store.tables import records
from tdcrawl.store.verify import check_ledger
from tests.commands.test_label import Label, label  # noqa: F401 - a fixture
from tests.labeling.test_label_errors import flipped, invented
from tests.pipelines.conftest import Line, open_line  # noqa: F401 - a fixture

# What differs between the databases is tested below, in the rooms: each command here takes seconds.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

RATINGS = {"positive": "5", "neutral": "3", "negative": "1"}


def test_errors_open_tasks_until_people_have_named_the_records(
    open_line: Callable[..., Line],  # noqa: F811 - the fixture
    label: Label,  # noqa: F811 - the fixture
) -> None:
    named = invented(150, telling=6)
    line = open_line()
    wrong = flipped(named, {"0007", "0040", "0101"})
    assert set(line.run(*({"text": one.text, "rating": RATINGS[one.label]} for one in wrong))) == {"record"}
    first = label("errors", "--most", "2")["errors"]
    assert (first["records"], first["left_out"], first["found"], len(first["asked"])) == (150, [], 3, 2)
    engine = line.session.ledger.engine
    with reading(engine) as connection:
        tasks = connection.execute(select(review_tasks).order_by(review_tasks.c.task_id)).all()
        query = select(records.c.record_id, records.c.data["text"].as_string())
        texts: dict[str, str] = dict(connection.execute(query).all())
    assert [task.item_id for task in tasks] == [one["record_id"] for one in first["asked"]]
    assert [(task.kind, 10 < task.priority < 20) for task in tasks] == [("label_error", True)] * 2
    assert {texts[task.item_id] for task in tasks} < {named[turn].text for turn in (7, 40, 101)}
    one = first["asked"][0]
    with writing(engine) as connection:
        said = NamedLabel(one["label"], "person", "asked-1")  # They find that it was right.
        decide(connection, [Decision(one["record_id"], said, line.session.terms, line.session.run)])
        decided = update(review_tasks).where(review_tasks.c.item_id == one["record_id"])
        connection.execute(decided.values(state="decided"))
    second = label("errors")["errors"]
    assert (second["found"], len(second["asked"])) == (2, 1)
    assert second["asked"][0]["record_id"] not in {task.item_id for task in tasks}
    assert check_ledger(engine).problems == []
