"""`scrapy label` on records that wait: at once and by batches, within its budget, through crashes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from tdcrawl.records.naming import Label as NamedLabel
from tdcrawl.store.deciding import Decision, decide
from tdcrawl.store.engine import reading, writing
from tdcrawl.store.label_tables import label_accounts, label_batches, labels, review_tasks, unlabelled
from tdcrawl.store.tables import outcomes, records
from tdcrawl.store.verify import check_ledger
from tests.builders import a_run, terms
from tests.conftest import RunScrapy
from tests.messages_server import MessagesServer, quoted, says
from tests.pipelines.conftest import Line, open_line  # noqa: F401 - a fixture
from tests.pipelines.test_labelling import unrated

Label = Callable[..., Any]
IN_A_BATCH = {"before_batch_submitted", "after_batch_submitted"}


@pytest.fixture
def waiting(open_line: Callable[..., Line]) -> Engine:  # noqa: F811 - the fixture
    """Let three records wait for a label; gives their database."""
    line = open_line(TDCRAWL_LABEL_BUDGET_USD="0")
    assert line.run(unrated(1), unrated(2, "bad"), unrated(3, "fine")) == ["budget_spent"] * 3
    return line.session.ledger.engine


@pytest.fixture
def label(run_scrapy: RunScrapy, server: MessagesServer, database_url: str) -> Label:
    """Run `scrapy label --json`, and give what it says, or its exit status and complaint."""

    def run(*arguments: str, **env: str) -> Any:
        told = {**server.env, "TDCRAWL_DATABASE_URL": database_url, **env}
        done = run_scrapy("label", "--json", *arguments, **told)
        return json.loads(done.stdout) if done.returncode == 0 else (done.returncode, done.stderr)

    return run


def labelled(engine: Engine) -> list[str]:
    """List the labels of all records."""
    with reading(engine) as connection:
        return sorted(connection.scalars(select(records.c.label)))


def test_label_takes_up_what_waits_and_stops_at_its_budget(
    waiting: Engine, label: Label, server: MessagesServer
) -> None:
    (price,) = label("--estimate")["estimate"]
    assert (price["records"], price["calls"], server.requests) == (3, 7, 0)
    status, complaint = label()
    assert (status, "--budget USD" in complaint) == (2, True)
    (told,) = label("--budget", "0.0045")["labelled"]
    assert told["ends"] == {"record": 1, "pending": 2} or told["ends"] == {"pending": 3}
    done = label("--budget", "1")
    assert (done["waiting"], labelled(waiting)) == ({}, ["negative", "neutral", "positive"])
    assert len(server.calls) == 6
    assert check_ledger(waiting).balanced


def test_batches_are_collected_later_in_any_order_at_half_the_price(
    waiting: Engine, label: Label, server: MessagesServer
) -> None:
    said = iter(["positive", "negative"])
    server.answer = lambda body: says(next(said, "negative") if "good" in quoted(body) else "neutral")
    server.ended = False
    (told,) = label("--mode", "batch", "--budget", "1")["labelled"]
    assert told["figures"] == {"submitted": 6}
    (again,) = label("--mode", "batch", "--budget", "1")["labelled"]
    assert again["figures"] == {"under_way": 6}
    server.ended = True
    (collected,) = label("--mode", "batch", "--budget", "1")["labelled"]
    assert collected["ends"] == {"record": 2}
    (last,) = label("--mode", "batch", "--budget", "1")["labelled"]
    assert (last["ends"], labelled(waiting)) == ({"record": 1}, ["negative", "neutral", "neutral"])
    with reading(waiting) as connection:
        paid = [row.nanodollars for row in connection.execute(select(labels).where(labels.c.kind == "vote"))]
        spent = sum(connection.scalars(select(label_accounts.c.nanodollars)))
    tokens = [len(body["messages"][0]["content"]) // 4 for body in server.calls]
    assert (len(paid), sum(paid), spent) == (7, sum((n * 1000 + 250_000) // 2 for n in tokens), sum(paid))
    assert check_ledger(waiting).balanced


def test_vote_that_a_batch_is_asked_for_is_not_bought_call_by_call(
    waiting: Engine, label: Label, server: MessagesServer
) -> None:
    server.ended = False
    (batch,) = label("--mode", "batch", "--budget", "0.0045")["labelled"]
    # One after the other: what waits for the batch holds up nobody behind it.
    (told,) = label("--budget", "1", "-s", "TDCRAWL_LABEL_CALLS=1")["labelled"]
    assert (batch["figures"], told["ends"], len(server.calls)) == ({"submitted": 2}, {"pending": 1, "record": 2}, 4)
    with reading(waiting) as connection:
        found = connection.execute(select(outcomes.c.reason, outcomes.c.detail).where(outcomes.c.reason.is_not(None)))
        reasons = found.all()
    assert reasons == [("not_asked", "a batch is asked already: `scrapy label --mode batch` collects its answer")]
    server.ended = True
    (collected,) = label("--mode", "batch", "--budget", "1")["labelled"]
    assert (collected["ends"], len(server.calls)) == ({"record": 1}, 6)
    assert check_ledger(waiting).balanced


def test_votes_of_a_batch_are_kept_where_people_named_the_record_meanwhile(
    waiting: Engine, label: Label, server: MessagesServer
) -> None:
    server.ended, agreed = False, terms(waiting)
    label("--mode", "batch", "--budget", "1")
    with writing(waiting) as connection:
        item_id = connection.scalars(select(unlabelled.c.item_id).order_by(unlabelled.c.item_id)).first()
        assert item_id
        decide(connection, [Decision(item_id, NamedLabel("neutral", "person", "1"), agreed, a_run())])
    server.ended = True
    (told,) = label("--mode", "batch", "--budget", "1")["labelled"]
    assert (told["ends"], told["figures"]["calls"]) == ({"record": 2}, 6)
    with reading(waiting) as connection:
        votes = connection.execute(select(labels).where(labels.c.kind == "vote")).all()
        named = connection.execute(
            select(records.c.label, records.c.label_source).where(records.c.record_id == item_id)
        )
        assert named.all() == [("neutral", "person")]
        spent = connection.scalars(select(label_accounts.c.nanodollars))
        assert (len(votes), sum(spent)) == (6, sum(vote.nanodollars for vote in votes))
    assert [vote.record_id for vote in votes].count(item_id) == 2
    assert check_ledger(waiting).balanced


def test_service_that_is_gone_when_a_batch_is_collected_is_said_in_one_line(
    waiting: Engine, label: Label, server: MessagesServer
) -> None:
    label("--mode", "batch", "--budget", "1")
    server.ended = None
    status, complaint = label("--mode", "batch", "--budget", "1")
    assert (status, "the labelling service does not answer now: InternalServerError" in complaint) == (1, True)
    assert "Traceback" not in complaint
    server.ended = True
    assert label("--mode", "batch", "--budget", "1")["labelled"][0]["ends"] == {"record": 3}
    assert labelled(waiting) == ["negative", "neutral", "positive"]


def test_batch_holds_what_the_budget_allows_and_the_rest_waits(
    waiting: Engine, label: Label, server: MessagesServer
) -> None:
    (told,) = label("--mode", "batch", "--budget", "0.0045")["labelled"]
    assert told["figures"]["submitted"] == len(server.batches["msgbatch_1"]) < 6
    with reading(waiting) as connection:
        (batch,) = connection.execute(select(label_batches.c.nanodollars)).all()
        assert batch.nanodollars <= 0.0045e9
    assert label("--mode", "batch", "--budget", "1")["waiting"] != {}
    assert check_ledger(waiting).balanced


@pytest.mark.parametrize("point", sorted(IN_A_BATCH))
def test_batch_whose_submission_was_cut_off_is_found_or_given_up(
    waiting: Engine, label: Label, server: MessagesServer, point: str
) -> None:
    arrived = point == "after_batch_submitted"
    status, _ = label("--mode", "batch", "--budget", "1", TDCRAWL_FAULT=f"{point}:1:kill9")
    assert (status, len(server.batches)) == (-9, int(arrived))
    (told,) = label("--mode", "batch", "--budget", "1")["labelled"]
    assert told["ends"] == ({"record": 3} if arrived else {})
    assert len(server.batches) == 1
    with reading(waiting) as connection:
        states = list(connection.scalars(select(label_batches.c.state).order_by(label_batches.c.at)))
    assert states == (["collected"] if arrived else ["lost", "open"])


def test_vote_is_not_bought_again_when_killed_after_it(
    open_line: Callable[..., Line],  # noqa: F811 - the fixture
    label: Label,
    server: MessagesServer,
) -> None:
    line = open_line(TDCRAWL_LABEL_BUDGET_USD="0")
    assert line.run(unrated(1)) == ["budget_spent"]
    status, _ = label("--budget", "1", TDCRAWL_FAULT="after_vote_1:1:kill9")
    assert (status, len(server.calls)) == (-9, 1)
    label("--budget", "1")
    assert (len(server.calls), labelled(line.session.ledger.engine)) == (2, ["positive"])


def test_key_that_is_missing_is_said_before_anything_is_asked(waiting: Engine, label: Label) -> None:
    status, complaint = label("--budget", "1", ANTHROPIC_API_KEY="")
    assert (status, "set ANTHROPIC_API_KEY" in complaint, labelled(waiting)) == (2, True, [])
    status, complaint = label("--budget", "1", TDCRAWL_LABEL_MODEL="parrot-1")
    assert (status, "TDCRAWL_LABEL_PRICE" in complaint) == (2, True)


def test_gold_shows_how_often_votes_are_right(label: Label, server: MessagesServer, tmp_path: Path) -> None:
    rows = [("positive", "good"), ("positive", "good"), ("negative", "bad"), ("negative", "fine"), ("neutral", "fine")]
    lines = [f'{label},"{unrated(number, word)["text"]}"' for number, (label, word) in enumerate(rows)]
    file = tmp_path / "gold.csv"
    file.write_text("\n".join(["label,text", *lines]))
    told = label("gold", str(file), "--budget", "1")["gold"]
    found = {row["label"]: (row["gold"], row["given"], row["right"], row["recall"]) for row in told["labels"]}
    assert found == {"negative": (2, 1, 1, 0.5), "neutral": (1, 2, 1, 1.0), "positive": (2, 2, 2, 1.0)}
    assert (told["labels"][2]["low"], told["labels"][2]["high"]) == (0.3424, 1.0)
    assert (len(server.calls), told["figures"]["calls"]) == (10, 10)
    file.write_text("label,text\ngreat,a text")
    status, complaint = label("gold", str(file), "--budget", "1")
    assert (status, "great: the labels are negative, neutral, positive" in complaint) == (2, True)


def test_audits_tell_how_wrong_labels_are(
    open_line: Callable[..., Line],  # noqa: F811 - the fixture
    label: Label,
    server: MessagesServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    line = open_line(TDCRAWL_LABEL_BUDGET_USD="1", TDCRAWL_LABEL_AUDIT_SHARE="1")
    assert line.run(unrated(1), unrated(2), unrated(3, "bad")) == ["record"] * 3
    with reading(line.session.ledger.engine) as connection:
        tasks = list(
            connection.execute(
                select(review_tasks.c.item_id, records.c.label)
                .join_from(review_tasks, records, records.c.record_id == review_tasks.c.item_id)
                .order_by(records.c.label.desc())
            )
        )
    assert label("quality")["quality"] == [{"record_type": "review", "labels": [], "noise": None}]
    said = ["negative", "positive", "negative"]
    with writing(line.session.ledger.engine) as connection:
        for task, name in zip(tasks, said, strict=True):
            decision = Decision(task.item_id, NamedLabel(name, "person", "1"), line.session.terms, line.session.run)
            decide(connection, [decision])
        connection.execute(update(review_tasks).values(state="decided"))
    (told,) = label("quality")["quality"]
    assert [(row["label"], row["audited"], row["confirmed"]) for row in told["labels"]] == [
        ("negative", 1, 1),
        ("positive", 2, 1),
    ]
    assert told["noise"] == {"audited": 3, "wrong": 1, "noise": 0.3333, "low": 0.0615, "high": 0.7923}
    assert labelled(line.session.ledger.engine) == ["negative", "negative", "positive"]
    assert check_ledger(line.session.ledger.engine).balanced
