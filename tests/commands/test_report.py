"""`scrapy report`: the figures are the ledger's, and what the database says is only ever text."""

import argparse
import asyncio
import io
import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from scrapy.settings import Settings
from sqlalchemy import insert, select, update

from tdcrawl.command import TdcrawlCommand
from tdcrawl.commands import report, sites
from tdcrawl.drift import Alarm
from tdcrawl.outcomes import AnyStageReason, Bucket, DedupReason, PageReason, PageState, Rejection
from tdcrawl.store.engine import open_engine, writing
from tdcrawl.store.label_tables import labels, review_tasks
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.overview import ALARMS, FAILURES, SHARES
from tdcrawl.store.tables import outcomes, pages, records, runs
from tests.builders import NOON, a_run, an_item, terms

BROKE = Rejection(Bucket.FAILED, AnyStageReason.STAGE_ERROR, "it broke")
ATTACK = "<script>alert('$x$')</script>"


async def crawl(ledger: Ledger) -> None:
    """Read a page with two records, a copy and a failure, and give another page up."""
    one, two, copy, broken = (an_item(name) for name in ("one", "two", "copy", "broken"))
    repeats = Rejection(Bucket.DUPLICATE, DedupReason.NEAR_DUPLICATE, "…", matched=one.item_id, score=0.9)
    agreed, page = terms(ledger.engine), f"a page of {ledger.run.site}"
    await ledger.schedule([PageRequest(name, f"https://shop.example/{name}", name) for name in (page, f"not {page}")])
    await ledger.take(page, [one, two, copy, broken], 0)
    await asyncio.gather(*(ledger.accept(item, agreed) for item in (one, two)))
    await ledger.reject(copy, agreed, "drop_near_duplicates", repeats, {})
    evidence: dict[str, Any] = {"errors": [], "message": "", "item": {"text": "…"}}
    await ledger.reject(broken, agreed, "validate_record", BROKE, evidence)
    await ledger.close_page(page, PageState.DONE)
    await ledger.close_page(f"not {page}", PageState.FAILED, PageReason.TIMEOUT)


@pytest.fixture
def ledger(database_url: str) -> Ledger:
    """Write a finished run with an alarm, and before it one that found dates."""
    earlier = Ledger.open(database_url, a_run("run-0", began=NOON - timedelta(days=1)))
    earlier.finish("finished", {})
    earlier.judged({FAILURES: [], ALARMS: [], SHARES: {"fields": {"of": 10, "found": {"date": 9}}}})
    earlier.engine.dispose()
    ledger = Ledger.open(database_url, a_run())
    asyncio.run(crawl(ledger))
    ledger.finish("finished", {})
    ledger.judged({FAILURES: [], ALARMS: [Alarm("fields/date", 0, 4, 0.6, 1, 5).told()]})
    # As if the run had lasted half an hour, and a later one had moved an item.
    with writing(ledger.engine) as connection:
        times = {pages: pages.c.finished_at, outcomes: outcomes.c.at}
        for table, column in times.items():
            connection.execute(update(table).values({column: NOON + timedelta(minutes=30)}))
        late = {"at": NOON + timedelta(days=2)}
        connection.execute(update(outcomes).where(outcomes.c.bucket == "duplicate").values(late))
    ledger.engine.dispose()
    return ledger


def run(command: TdcrawlCommand, database_url: str, **options: Any) -> None:
    """Run a command as Scrapy does."""
    settings = Settings()
    settings.setmodule("tdcrawl.settings", priority="project")
    settings.setdict({"TDCRAWL_DATABASE_URL": database_url, "TDCRAWL_QUOTA": '{"positive": 5}'}, priority="cmdline")
    command.settings = settings
    command.run([], argparse.Namespace(**{"json": True, "run": None, "html": None} | options))


@pytest.mark.usefixtures("ledger")
def test_report_tells_where_all_items_are(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(report.Command(), database_url)
    told = json.loads(capsys.readouterr().out)
    (last,) = told["runs"]
    assert (last["run"], last["health"], [alarm["share"] for alarm in last["alarms"]]) == (
        "run-1",
        "ok",
        ["fields/date"],
    )
    steps = {step["stage"]: (step["seen"], step["passed"], step["reasons"]) for step in told["funnel"]}
    assert steps["validate_record"] == (4, 3, {"stage_error": 1})
    assert steps["drop_near_duplicates"] == (3, 2, {"near_duplicate": 1})
    assert list(steps)[-1] == "write_record"
    assert steps["write_record"] == (2, 2, {})
    stratum = {"record_type": "review", "stratum": "positive", "records": 2, "new": 2, "surplus": 0, "seats": 5}
    assert [line for line in told["balance"] if line["records"]] == [stratum]
    assert told["failures"] == [
        {"what": "items", "reason": "stage_error", "site": "demo_store", "number": 1},
        {"what": "pages", "reason": "timeout", "site": "demo_store", "number": 1},
    ]
    assert [(shares["of"], shares["found"]["date"]) for shares in last["coverage"]] == [(10, 9), (4, 0)]
    # Sixty steps at most; the item that moved later is none of the run's work.
    assert (last["pace"]["seconds"], last["pace"]["pages"][-1], last["pace"]["items"][-1]) == (60, 2, 3)
    assert len(last["pace"]["pages"]) == 31


@pytest.mark.usefixtures("ledger")
def test_report_of_one_run_leaves_the_others_out(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(report.Command(), database_url, run="run-0")
    told = json.loads(capsys.readouterr().out)
    assert ([each["run"] for each in told["runs"]], told["failures"]) == (["run-0"], [])
    command = report.Command()
    run(command, database_url, run="run-7")
    assert command.exitcode == 1
    assert capsys.readouterr().err.startswith("no run is called 'run-7'; ")


@pytest.mark.usefixtures("ledger")
def test_report_and_sites_show_alarms_to_people(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, printed = report.Command(), io.StringIO()
    run(command, database_url)
    command.show(Console(file=printed, width=200), json.loads(capsys.readouterr().out))
    assert "! demo_store: drift: fields/date: 0 of 4, 0.0%; 5 earlier runs led to expect 60.0% to 100.0%" in [
        line.rstrip() for line in printed.getvalue().splitlines()
    ]
    assert "positive: 2 records of 5 seats" in printed.getvalue()
    assert "demo_store: 1 pages failed, timeout" in printed.getvalue()
    run(sites.Command(), database_url)
    shown = next(site for site in json.loads(capsys.readouterr().out)["sites"] if site["name"] == "demo_store")
    assert (shown["health"], shown["alarms"]) == ("ok", 1)


def label(database_url: str) -> None:
    """Let two runs pay for votes on a record, and two people answer to an audit of it, of whom one is not content."""
    engine = open_engine(database_url)
    with writing(engine) as connection:
        record_id = connection.scalars(select(records.c.record_id).order_by(records.c.record_id)).first()
        said = {"record_id": record_id, "label": "positive", "version": "m/1", "at": NOON}
        for number, (account, dollars) in enumerate([("run-1", 0.5), ("run-1", 0.25), ("label-2", 0.0005)]):
            paid = {"account": account, "nanodollars": int(dollars * 10**9), "input_tokens": 1, "output_tokens": 2}
            at = {"at": NOON + timedelta(minutes=number)}
            connection.execute(insert(labels), {**said, "kind": "vote", "source": "model", **paid, **at})
        task = {"task_id": 1, "item_id": record_id, "record_type": "review", "kind": "audit", "priority": 1}
        connection.execute(insert(review_tasks), {**task, "wanted": 2, "state": "decided", "created_at": NOON})
        for source, name in (("model", "positive"), ("person", "negative")):
            connection.execute(insert(labels), {**said, "kind": "decision", "source": source, "label": name})
        for reviewer, name in (("ann", "negative"), ("bob", "positive")):
            answer = {"source": "person", "kind": "vote", "task_id": 1, "reviewer": reviewer, "label": name}
            connection.execute(insert(labels), {**said, **answer})
    engine.dispose()


@pytest.mark.usefixtures("ledger")
def test_report_tells_what_labels_cost_and_how_far_they_can_be_trusted(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label(database_url)
    command, printed = report.Command(), io.StringIO()
    run(command, database_url, html=tmp_path / "report.html")
    told = json.loads(capsys.readouterr().out)
    assert told["labels"]["spending"] == [
        {"account": "run-1", "began": "2026-06-01T12:00:00+00:00", "calls": 2, "usd": 0.75},
        {"account": "label-2", "began": "2026-06-01T12:02:00+00:00", "calls": 1, "usd": 0.0005},
    ]
    (quality,), agreement = told["labels"]["quality"], told["labels"]["agreement"]
    assert (quality["noise"]["wrong"], quality["noise"]["audited"]) == (1, 1)
    assert (agreement["tasks"], agreement["fleiss_kappa"]) == (1, -1)
    command.show(Console(file=printed, width=200), told)
    line = "3 calls, 0.7505 USD; 100.0% of those by votes wrong; Fleiss' kappa of people -1.00"
    assert line in printed.getvalue()
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "1 of 1 audited labels by votes were wrong, 100.0% (20.6% to 100.0%)." in page
    assert "1 tasks have answers of two people or more: Fleiss' kappa -1.00." in page
    assert ("0.7500 USD" in page, page.count("<svg")) == (True, 7)


class Tags(HTMLParser):
    """Collect the tags of a page, with their attributes, and what is outside of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)


def test_page_holds_markup_of_ours_alone_when_the_database_is_hostile(
    ledger: Ledger, database_url: str, tmp_path: Path
) -> None:
    alarm = {"share": ATTACK, "message": ATTACK}
    with writing(ledger.engine) as connection:
        connection.execute(
            update(runs).values(site=ATTACK, finish_reason=ATTACK, stats={FAILURES: [ATTACK], ALARMS: [alarm]})
        )
        connection.execute(update(outcomes).where(outcomes.c.reason.is_not(None)).values(reason=ATTACK, stage=ATTACK))
        connection.execute(update(records).values(stratum=ATTACK))
    ledger.engine.dispose()
    run(report.Command(), database_url, html=tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    tags = Tags(page)
    assert "script" not in {tag for tag, _ in tags.found}
    assert not [attributes for _, attributes in tags.found if any(name.startswith("on") for name in attributes)]
    # In tables and in pictures alike.
    assert sum(ATTACK in text for text in tags.texts) > 10
    assert page.count("<svg") == 6
    addresses = [attributes[name] for _, attributes in tags.found for name in ("src", "href") if name in attributes]
    assert addresses == []
    assert set(re.findall(r"url\((.)", page)) <= {"#"}


@pytest.mark.usefixtures("ledger")
def test_page_is_the_same_when_written_twice(database_url: str, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.html", "two.html")]
    for file in files:
        run(report.Command(), database_url, html=file)
    assert files[0].read_bytes() == files[1].read_bytes()
    pictures = [attributes for tag, attributes in Tags(files[0].read_text()).found if tag == "figure"]
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in pictures)
    assert len(pictures) == 6


def test_page_says_that_there_is_nothing_when_no_run_was(tmp_path: Path) -> None:
    run(report.Command(), f"sqlite:///{tmp_path}/empty.db", html=tmp_path / "report.html")
    assert "0 runs, the newest of each site." in (tmp_path / "report.html").read_text()
    command = report.Command()
    run(command, f"sqlite:///{tmp_path}/empty.db", html=tmp_path / "nowhere" / "report.html")
    assert command.exitcode == 1
