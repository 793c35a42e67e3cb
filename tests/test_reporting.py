"""The report of a run for people: every line whole, and what it quotes as it is."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from tdcrawl.reporting import figures_line, open_console, print_run, run_figures
from tdcrawl.store.verify import LedgerCheck
from tdcrawl.verdict import Verdict
from tests.builders import a_run

ITEMS = dict.fromkeys(("yielded", "record", "duplicate", "failed", "over_quota", "needs_review", "pending"), 0)
PAGES = dict.fromkeys(("scheduled", "pending", "done", "failed", "skipped"), 0)
ALARMS = [{"message": "drift: [b] is strange"}]
STATS = {f"tdcrawl/validate_record/rejected/{reason * 3}": 1 for reason in ("missing_field", "bad_date", "too_short")}


def printed(console: Console, *feeds: Path, **reasons: dict[str, int]) -> list[str]:
    """Print a run that failed for many reasons; its lines."""
    verdict, check = Verdict("finished", ["[red] is no colour"], ["nor [bold]"]), LedgerCheck(ITEMS, PAGES, 0, ["[x]"])
    figures = run_figures(a_run(), STATS, ["validate_record"], check, verdict) | {
        "failed_pages": [],
        "reasons": reasons,
        "alarms": ALARMS,
    }
    print_run(console, figures, check, list(feeds))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_report_is_not_wrapped_when_it_goes_into_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    lines = printed(open_console())
    because = "1 bad_datebad_datebad_date, 1 missing_fieldmissing_fieldmissing_field, 1 too_shorttoo_shorttoo_short"
    assert next(line for line in lines if "validate_record" in line).rstrip().endswith(because)


def test_report_quotes_paths_and_messages_as_they_are() -> None:
    lines = printed(Console(file=io.StringIO(), width=200), Path("/data/[bold]/records.parquet"))
    assert "Wrote /data/[bold]/records.parquet" in lines
    assert [line for line in lines if line[:1] in {"✗", "!"}] == [
        "✗ [x]", "! nor [bold]", "! drift: [b] is strange", "✗ [red] is no colour",
    ]  # fmt: skip


def test_figures_are_written_as_people_count() -> None:
    line = figures_line({"calls": 93, "usd": 0.038126, "tokens": 19530, "cache_hits": 100})
    assert line == "93 calls, 0.0381 usd, 19,530 tokens, 100 cache_hits"


def test_report_says_what_waits_for_a_label_and_how_to_get_it() -> None:
    lines = printed(Console(file=io.StringIO(), width=200), pending={"budget_spent": 40, "label_failed": 2})
    assert "42 items wait for a label: scrapy label --estimate says what it costs" in lines


def test_report_says_that_the_sums_are_those_of_the_whole_ledger() -> None:
    lines = printed(Console(file=io.StringIO(), width=200))
    heading = lines.index("The whole ledger, with all sites and runs before this one:")
    assert [line.split(":")[0] for line in lines[heading + 1 : heading + 3]] == ["items", "pages"]
