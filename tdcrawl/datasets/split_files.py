"""The files of one split: Parquet in parts of bounded size, and CSV where it was asked for."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tdcrawl.datasets.beside import Beside
from tdcrawl.records.columns import Columns
from tdcrawl.store.csv_file import CsvFile
from tdcrawl.store.parquet import ROWS_A_GROUP, Part, Table
from tdcrawl.store.versions import Line

Files = dict[str, dict[str, Any]]
"""What the manifest says of each file, by its path inside the version: bytes, sha256, and rows where it has rows."""

_ROWS_A_PART = 100_000


class OpenPart(Protocol):
    """Take the rows of one file, a group at a time."""

    rows: int

    def take(self, lines: Sequence[str]) -> Callable[[], Table]:
        """Take rows as lines of JSON; gives what reads them, typed."""

    def close(self) -> None:
        """Take no more."""


class Parts(Protocol):
    """Write parts, now or later."""

    def open(self, path: Path, columns: Columns) -> OpenPart:
        """Begin a part."""

    def finish(self) -> None:
        """Write what is not written yet."""


class AtOnce:
    """Write parts in this process, as their rows come."""

    def open(self, path: Path, columns: Columns) -> OpenPart:
        """Begin the file itself."""
        return Part(path, columns)

    def finish(self) -> None:
        """Do nothing: all is written."""


@dataclass(frozen=True)
class Form:
    """Say how rows are written: their columns, and in which formats."""

    columns: Columns
    formats: Collection[str]


def groups(lines: Iterable[Line]) -> Iterator[tuple[str, list[str]]]:
    """Gather rows into the groups of each split, in which they are written."""
    waiting: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        waiting[line.split].append(line.data)
        if len(waiting[line.split]) == ROWS_A_GROUP:
            yield line.split, waiting.pop(line.split)
    yield from waiting.items()


class SplitFiles:
    """Write the rows of a split as they come; `digest` is the SHA-256 of their lines.

    There is always a part, so that a split without rows can be loaded like any other. What stands `beside` is told of
    all rows.
    """

    def __init__(self, folder: Path, split: str, form: Form, parts: Parts, beside: Beside | None) -> None:
        (folder / split).mkdir()
        self._folder, self._split, self._columns, self._parts = folder, split, form.columns, parts
        self.digest = hashlib.sha256()
        self.rows = 0
        self._files: Files = {}
        self._part = self._next_part()
        self._csv = CsvFile(folder / split / "part-00000.csv", form.columns) if "csv" in form.formats else None
        self._beside = beside

    def take(self, lines: Sequence[str]) -> None:
        """Write a group of rows, each a line of JSON."""
        if self._part.rows == _ROWS_A_PART:
            self._close_part()
            self._part = self._next_part()
        self.digest.update("\n".join([*lines, ""]).encode())
        read = self._part.take(lines)
        if self._csv:
            self._csv.write(read().to_pylist())
        if self._beside:
            self._beside.take(read(), self.rows)
        self.rows += len(lines)

    def close(self) -> Files:
        """Finish the files; gives what there is to say of each but its bytes."""
        self._close_part()
        if self._beside:
            self._beside.finish()
        self.let_go()
        if self._csv:
            self._files[f"{self._split}/part-00000.csv"] = {"rows": self.rows}
        if self._beside:
            self._files[self._beside.name] = {"rows": self._beside.rows}
        return self._files

    def let_go(self) -> None:
        """Close what is still open, whole or not."""
        for file in (self._part, self._csv, self._beside):
            if file:
                file.close()

    def _next_part(self) -> OpenPart:
        return self._parts.open(self._folder / self._name(), self._columns)

    def _close_part(self) -> None:
        self._part.close()
        self._files[self._name()] = {"rows": self._part.rows}

    def _name(self) -> str:
        return f"{self._split}/part-{len(self._files):05}.parquet"
