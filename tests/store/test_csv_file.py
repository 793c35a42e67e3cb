"""CSV that no spreadsheet runs, and that gives every text back."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.records.columns import ColumnType
from tdcrawl.store import csv_file

TRIGGERS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a")


@pytest.mark.attack("a formula for a spreadsheet in a CSV", "made inert")
@pytest.mark.parametrize("text", TRIGGERS)
def test_inert_when_a_spreadsheet_would_run_it(text: str) -> None:
    assert csv_file.inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["plain", "1 = 1", " =1", "", "5-star"])
def test_inert_leaves_harmless_texts_alone(text: str) -> None:
    assert csv_file.inert(text) == text


@given(st.text())
def test_inert_can_be_undone(text: str) -> None:
    assert csv_file.inert(text).removeprefix("'") == text


def test_write_reads_back_with_one_line_per_row(tmp_path: Path) -> None:
    columns = {str(kind): kind for kind in ColumnType}
    june = datetime(2026, 6, 1, tzinfo=UTC)
    row = {"text": '=A1, "b"\nc', "integer": -3, "number": 0.1, "boolean": True, "time": june}
    written = csv_file.CsvFile(tmp_path / "c.csv", columns)
    written.write([row, dict.fromkeys(columns)])
    written.close()
    with (tmp_path / "c.csv").open(encoding="utf-8", newline="") as file:
        header, first, second = csv.reader(file)
    assert header == list(columns)
    assert first == ['\'=A1, "b"\nc', "-3", "0.1", "true", "2026-06-01T00:00:00+00:00"]
    assert second == [""] * 5
