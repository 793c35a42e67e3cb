"""`scrapy label` on records that wait: at once and by batches, within its budget, through crashes."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tdcrawl.store.engine import reading
from tdcrawl.store.label_tables import label_accounts, label_batches, labels
from tdcrawl.store.tables import records
from tdcrawl.store.verify import check_ledger
from tests.conftest import RunScrapy
from tests.messages_server import MessagesServer, messages_server, quoted, says
from tests.pipelines.conftest import Line, open_line  # noqa: F401 - a fixture
from tests.pipelines.test_labelling import unrated

Label = Callable[..., Any]


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    """Serve votes."""
    with messages_server() as served:
        yield served


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


@pytest.mark.parametrize("arrived", [True, False])
def test_batch_whose_submission_was_cut_off_is_found_or_given_up(
    waiting: Engine, label: Label, server: MessagesServer, arrived: bool
) -> None:
    point = "after_batch_submitted" if arrived else "before_batch_submitted"
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
