"""`scrapy label relabel`: another model names what votes have labelled; what that costs and changes is said before."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from tdcrawl.labeling.prompt import version_of
from tdcrawl.records.naming import Label as NamedLabel
from tdcrawl.records.review import REVIEW
from tdcrawl.store.deciding import Decision, decide
from tdcrawl.store.engine import reading, writing
from tdcrawl.store.label_tables import label_accounts, labels, review_tasks
from tdcrawl.store.tables import records
from tdcrawl.store.verify import check_ledger
from tdcrawl.store.waiting import AUDIT, task_row
from tests.commands.test_label import Label, label  # noqa: F401 - a fixture
from tests.messages_server import MessagesServer, honest, quoted, says
from tests.pipelines.conftest import Line, open_line  # noqa: F401 - a fixture
from tests.pipelines.test_labelling import unrated

# What differs between the databases is tested below, in the rooms: each command here takes seconds.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OTHER = {"TDCRAWL_LABEL_MODEL": "claude-sonnet-4-5"}
BEFORE = version_of(REVIEW, "claude-haiku-4-5-20251001")
NOW = version_of(REVIEW, "claude-sonnet-4-5")


@pytest.fixture
def line(
    open_line: Callable[..., Line],  # noqa: F811 - the fixture
    server: MessagesServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Line:
    """Label six records by votes, two of each label, and one by its rule."""
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    line = open_line(TDCRAWL_LABEL_BUDGET_USD="1", TDCRAWL_LABEL_AUDIT_SHARE="0", TDCRAWL_LABEL_MINORITY_SHARE="0")
    raws = [unrated(number, kind) for number, kind in enumerate(("good", "good", "bad", "bad", "fine", "fine"))]
    assert line.run(*raws, {**unrated(9), "rating": "5"}) == ["record"] * 7
    server.calls.clear()
    return line


def called(engine: Engine) -> list[tuple[str, str]]:
    """List labels and who gave them."""
    with reading(engine) as connection:
        return sorted(map(tuple, connection.execute(select(records.c.label, records.c.label_source))))


def stern(body: dict[str, Any]) -> Any:
    """Call negative what others call neutral."""
    return says("negative") if "fine" in quoted(body) else honest(body)


def test_relabel_says_what_it_costs_and_changes_then_does_it(
    line: Line,
    label: Label,  # noqa: F811 - the fixture
    server: MessagesServer,
) -> None:
    engine = line.session.ledger.engine
    server.answer = stern
    told = label("relabel", "--estimate", **OTHER)["plan"]
    assert (told["version"], told["records"], told["known"], told["calls"]) == (NOW, 6, 0, 12)
    assert (told["from"], told["flips"], server.requests) == (None, None, 12)
    sampled = label("relabel", "--sample", "4", "--budget", "1", **OTHER)["sample"]
    assert (sampled["records"], sampled["asked"], len(server.calls)) == (6, 4, 8)
    with reading(engine) as connection:
        by_id = select(records.c.label).where(records.c.label_source == "model").order_by(records.c.record_id)
        changed = connection.scalars(by_id.limit(4)).all().count("neutral")
    assert (sampled["flips"]["texts"], sampled["flips"]["changed"]) == (4, changed)
    assert called(engine).count(("neutral", "model")) == 2
    told = label("relabel", "--estimate", **OTHER)["plan"]
    assert (told["from"], told["known"], told["calls"]) == ("records", 4, 4)
    assert told["flips"] == sampled["flips"]
    done = label("relabel", "--budget", "1", **OTHER)["relabelled"]
    assert (done["ends"], done["left"], len(server.calls)) == ({"same": 4, "changed": 2}, 0, 12)
    assert done["figures"]["cache_hits"] == 8
    assert called(engine) == [("negative", "model")] * 4 + [("positive", "model")] * 2 + [("positive", "rule")]
    assert check_ledger(engine).problems == []


def test_relabel_by_batch_is_collected_by_a_later_call(
    line: Line,
    label: Label,  # noqa: F811 - the fixture
    server: MessagesServer,
) -> None:
    server.answer = stern
    (first, second) = (label("relabel", "--mode", "batch", "--budget", "1", **OTHER)["relabelled"] for _ in range(2))
    assert (first["ends"], first["figures"], first["left"]) == ({}, {"submitted": 12}, 6)
    assert (second["ends"], second["left"]) == ({"same": 4, "changed": 2}, 0)
    assert second["figures"]["calls"] == 12
    assert called(line.session.ledger.engine).count(("negative", "model")) == 4
    assert check_ledger(line.session.ledger.engine).problems == []


def test_relabel_leaves_what_people_said_and_asks_them_where_votes_quarrel(
    line: Line,
    label: Label,  # noqa: F811 - the fixture
    server: MessagesServer,
) -> None:
    engine, turns = line.session.ledger.engine, iter(["positive", "negative", "neutral"] * 9)
    with writing(engine) as connection:
        ours = connection.scalars(select(records.c.record_id).where(records.c.label == "negative")).all()
        said = NamedLabel("neutral", "person", "asked-1")
        decide(connection, [Decision(item, said, line.session.terms, line.session.run) for item in ours])
    server.answer = lambda body: says(next(turns)) if "fine" in quoted(body) else honest(body)
    told = label("relabel", "--budget", "1", TDCRAWL_LABEL_CALLS="1", **OTHER)
    assert (told["relabelled"]["ends"], told["review_tasks"]) == ({"same": 2, "to_people": 2}, 2)
    assert called(engine) == [
        *[("neutral", "model")] * 2,
        *[("neutral", "person")] * 2,
        *[("positive", "model")] * 2,
        ("positive", "rule"),
    ]
    with reading(engine) as connection:
        assert set(connection.scalars(select(review_tasks.c.kind))) == {"votes_disagree"}
    # They are asked about: nobody asks a model again.
    assert told["relabelled"]["left"] == 0
    assert check_ledger(engine).problems == []


def test_relabel_goes_on_where_its_money_ended_or_it_was_killed(
    line: Line,
    label: Label,  # noqa: F811 - the fixture
    server: MessagesServer,
) -> None:
    engine, price = line.session.ledger.engine, {**OTHER, "TDCRAWL_LABEL_PRICE": "1,5"}
    done = label("relabel", "--budget", "0.006", **price)["relabelled"]
    assert (done["ends"]["not_asked"] > 0, done["left"]) == (True, 6 - done["ends"].get("same", 0))
    bought = len(server.calls)
    fault = {"TDCRAWL_FAULT": "after_vote_2:1:kill9", "TDCRAWL_LABEL_CALLS": "1"}
    status, _ = label("relabel", "--budget", "1", **fault, **price)
    assert (status, len(server.calls) > bought) == (-9, True)
    done = label("relabel", "--budget", "1", **price)["relabelled"]
    assert (done["left"], len(called(engine))) == (0, 7)
    assert len(server.calls) - 12 in {0, 1}  # The one that was under way in that moment.
    with reading(engine) as connection:
        paid = connection.execute(select(labels.c.nanodollars).where(labels.c.version == NOW, labels.c.kind == "vote"))
        spent = connection.scalars(select(label_accounts.c.nanodollars))
        assert (len(paid.all()), len(spent.all())) == (12, 4)
    assert check_ledger(engine).problems == []


def test_plan_without_a_sample_goes_by_what_people_found_wrong(
    line: Line,
    label: Label,  # noqa: F811 - the fixture
) -> None:
    engine = line.session.ledger.engine
    with writing(engine) as connection:
        ours = connection.scalars(select(records.c.record_id).where(records.c.label == "negative")).all()
        for item, name in zip(ours, ("negative", "positive"), strict=True):
            task = task_row({"item_id": item, "record_type": "review"}, AUDIT, 5)
            connection.execute(insert(review_tasks).values(task))
            said = NamedLabel(name, "person", "asked-1")
            decide(connection, [Decision(item, said, line.session.terms, line.session.run)])
        connection.execute(update(review_tasks).values(state="decided"))
    told = label("relabel", "--estimate", **OTHER)["plan"]
    assert (told["from"], told["records"], told["flips"]["share"]) == ("audits", 4, 0.5)
    found = {(row["label"], row["of"], row["texts"], row["changed"], row["share"]) for row in told["flips"]["labels"]}
    assert found == {("negative", 0, 2, 1, 0.5), ("neutral", 2, 0, 0, None), ("positive", 2, 0, 0, None)}
    status, complaint = label("--sample", "5", **OTHER)
    assert (status, "scrapy label relabel --sample" in complaint) == (2, True)
