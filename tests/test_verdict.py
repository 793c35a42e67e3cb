"""The verdict on a run: what fails it, what only warns, and the exit status that says so."""

from typing import Any

import pytest

from tdcrawl.sites.profile import Expect
from tdcrawl.store.verify import LedgerCheck
from tdcrawl.verdict import judge

GOOD = LedgerCheck({}, {}, 0, [])
STATS = {"tdcrawl/items/yielded": 100, "tdcrawl/items/record": 95, "tdcrawl/items/failed": 5}


@pytest.mark.parametrize(
    ("reason", "changes", "check", "status", "failures", "warnings"),
    [
        ("finished", {}, GOOD, 0, [], []),
        ("limit_reached", {}, GOOD, 0, [], []),
        ("shutdown", {}, GOOD, 130, [], []),
        ("sink_unavailable", {}, GOOD, 1, ["the crawl did not finish: sink_unavailable"], []),
        (
            "finished", {}, LedgerCheck({}, {}, 0, ["one is lost"]), 1,
            ["the ledger does not balance: one is lost"], [],
        ),
        (
            "finished", {"pages/done": 7, "pages/failed": 3}, GOOD, 0,
            [], ["30.0% of the pages failed; the site's max_failed_page_share is 25.0%"],
        ),
        (
            "finished", {"pages/done": 4, "pages/failed": 6}, GOOD, 1,
            ["60.0% of the pages failed; the site's max_failed_page_share is 25.0%"], [],
        ),
        ("finished", {"write_record/not_closed": 1}, GOOD, 1, ["stage write_record did not close"], []),
        (
            "finished", {"items/failed": 10}, GOOD, 0,
            [], ["10.0% of the items failed; the site's max_failed_share is 8.0%"],
        ),
        (
            "finished", {"items/failed": 20, "items/seen_again": 50}, GOOD, 1,
            ["20.0% of the items failed; the site's max_failed_share is 8.0%"], [],
        ),
        (
            "finished", {"items/yielded": 60}, GOOD, 1,
            ["55 believable records were found; the site's min_records is 90"],
            ["8.3% of the items failed; the site's max_failed_share is 8.0%"],
        ),
        ("finished", {"items/yielded": 60, "items/seen_again": 500, "items/failed": 1}, GOOD, 0, [], []),
        (
            "finished",
            {"items/yielded": 150, "items/reopened": 50, "items/failed": 55, "items/failed_again": 50},
            GOOD, 0, [], [],
        ),
        ("shutdown", {"items/yielded": 70}, GOOD, 130, [], []),
        (
            "finished", {"items/seen_again": 100, "items/lost_field": 20}, GOOD, 0,
            [], ["10.0% of the items lost a field; the site's max_failed_share is 8.0%"],
        ),
        (
            "limit_reached", {"items/lost_field": 100}, GOOD, 1,
            ["100.0% of the items lost a field; the site's max_failed_share is 8.0%"], [],
        ),
    ],
)  # fmt: skip
def test_judge(
    reason: str, changes: dict[str, Any], check: LedgerCheck, status: int, failures: list[str], warnings: list[str]
) -> None:
    stats = STATS | {f"tdcrawl/{name}": value for name, value in changes.items()}
    verdict = judge(reason, stats, check, Expect(min_records=90))
    assert verdict.exit_status == status
    assert (verdict.failures, verdict.warnings) == (failures, warnings)


def test_judge_says_why_when_no_record_was_kept() -> None:
    stats = {
        "tdcrawl/pages/done": 3, "tdcrawl/pages/failed/timeout": 2, "tdcrawl/pages/skipped/robots_disallowed": 1,
        "tdcrawl/items/seen_again": 4,
    }  # fmt: skip
    assert judge("finished", stats, GOOD, Expect(min_records=0)).warnings == [
        "no record was kept:",
        "  2 pages failed (timeout)",
        "  1 pages skipped (robots_disallowed)",
        "  3 pages were read and the reader found no new item on them",
        "  4 items have their outcome from earlier pages or runs",
    ]
