"""Training rows as CSV that a spreadsheet cannot be tricked by: docs/datasets.md tells how to undo the quoting."""

import csv
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from tdcrawl.records.columns import Columns, Row

# What spreadsheets take for the beginning of a formula (the last four are full-width forms of the first four),
# and our own mark, so that taking one leading mark away gives every text back.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MARK = "'"


def write(path: Path, columns: Columns, rows: Iterable[Row]) -> None:
    """Write rows to a new file: UTF-8, a header, ISO 8601 times, true and false, an empty cell for null."""
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row[name]) for name in columns] for row in rows)


def inert(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet might run, or that begins with an apostrophe itself."""
    return _MARK + text if text.startswith((*_RISKY, _MARK)) else text


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else value
