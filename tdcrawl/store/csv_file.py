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


class CsvFile:
    """Write a new file, UTF-8: a header, ISO 8601 times, true and false, an empty cell for null."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self._columns = columns
        self._file = path.open("x", encoding="utf-8", newline="")
        self._cells = csv.writer(self._file, lineterminator="\n")
        self._cells.writerow(columns)

    def write(self, rows: Iterable[Row]) -> None:
        """Write rows."""
        self._cells.writerows([_cell(row[name]) for name in self._columns] for row in rows)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def inert(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet might run, or that begins with an apostrophe itself."""
    return _MARK + text if text.startswith((*_RISKY, _MARK)) else text


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else value
