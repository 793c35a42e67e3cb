"""The table of attacks in docs/security.md, made by `make attacks`: what the tests tried, what came of it, how often.

A test is one by its mark: `@pytest.mark.attack(what is tried, what becomes of it, cases=…)`; `cases` is how many a
single run of it tries.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "security.md"
_BEGIN, _END = "| tried | what becomes of it | cases |\n|---|---|---|\n", "\n\n"
_PROPERTY = "attack"


class Attack(NamedTuple):
    """Name what is tried, and what becomes of it."""

    tried: str
    outcome: str


def attacks_of(items: list[pytest.Item]) -> Counter[Attack]:
    """Count the cases of each attack among collected tests."""
    counted = Counter[Attack]()
    for item in items:
        for mark in item.iter_markers(_PROPERTY):
            counted[Attack(*mark.args)] += mark.kwargs.get("cases", 1)
    return counted


def table_in(text: str) -> Counter[Attack]:
    """Read the table of a page."""
    rows = text.partition(_BEGIN)[2].partition(_END)[0].splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return Counter(
        {Attack(tried, outcome): int(cases) for tried, outcome, cases in cells if not tried.startswith("**")}
    )


class Recorder:
    """Count what the tests tell, and write it once all have passed."""

    def __init__(self) -> None:
        self._passed = Counter[Attack]()
        self._failed = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test that has run."""
        self._failed += report.failed
        if report.when == "call" and report.passed:
            for attack, cases in _attacks(report):
                self._passed[attack] += cases

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the table, sorted by what is tried."""
        if self._failed:
            raise pytest.UsageError("an attack came through: docs/security.md is as it was")
        before, begin, after = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
        rows = [f"| {one.tried} | {one.outcome} | {cases} |" for one, cases in sorted(self._passed.items())]
        rows.append(f"| **all** | | **{self._passed.total()}** |")
        PAGE.write_text(before + begin + "\n".join(rows) + _END + after.partition(_END)[2], encoding="utf-8")


def _attacks(report: pytest.TestReport) -> Iterator[tuple[Attack, int]]:
    for name, value in report.user_properties:
        if name == _PROPERTY:
            tried, outcome, cases = cast("list[Any]", value)
            yield Attack(tried, outcome), cases


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take whether to write the table."""
    parser.addoption("--write-attacks", action="store_true", help="write the table of attacks into docs/security.md")


def pytest_configure(config: pytest.Config) -> None:
    """Record where it is to be written, in the process that hears all others."""
    if config.getoption("--write-attacks") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each report what its test tries."""
    for item in items:
        for mark in item.iter_markers(_PROPERTY):
            item.user_properties.append((_PROPERTY, [*mark.args, mark.kwargs.get("cases", 1)]))
