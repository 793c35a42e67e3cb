"""A version as files: the same bytes wherever and however often its rows are written."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tdcrawl import faults
from tdcrawl.balance import smote
from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.ahead import ahead
from tdcrawl.datasets.beside import open_beside
from tdcrawl.datasets.card import PICTURE, card
from tdcrawl.datasets.croissant import croissant
from tdcrawl.datasets.split import SPLITS, TRAIN
from tdcrawl.datasets.split_files import Form, Parts, SplitFiles, groups
from tdcrawl.records.columns import Columns, ColumnType
from tdcrawl.store import parquet, versions
from tdcrawl.store.place import Folder
from tdcrawl.store.versions import Line

MANIFEST = "manifest.json"
MAX_CSV_ROWS = 100_000

Description = Mapping[str, Any]
"""All of a manifest that cannot be told from the rows: see `description.describe`."""


@dataclass(frozen=True)
class Written:
    """Say what was written: how many rows, their digest, and that of the manifest, which covers every file."""

    rows: int
    rows_sha256: str
    manifest_sha256: str


class Writer:
    """Write a version into a folder: its rows as they come, by record id, then all that tells of them."""

    def __init__(self, folder: Path, description: Description, parts: Parts) -> None:
        self._folder = Folder(folder)
        self._description, self._parts = description, parts
        form = Form(columns_in(description), description["parameters"]["formats"])
        beside = {TRAIN: open_beside(folder, description)}
        self._splits = {split: SplitFiles(folder, split, form, parts, beside.get(split)) for split in SPLITS}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for split in self._splits.values():
            split.let_go()

    def take(self, lines: Iterable[Line]) -> None:
        """Write all rows, each into its split."""
        for _ in ahead(lambda group: self._splits[group[0]].take(group[1]), groups(lines)):
            pass

    def finish(self) -> Written:
        """Write the rest: the card with its picture, croissant.json, and last the manifest."""
        from tdcrawl.datasets.picture import picture  # noqa: PLC0415 - drawing takes its time to import

        files = {name: facts for split in self._splits.values() for name, facts in split.close().items()}
        self._parts.finish()
        files = {name: self._folder.fingerprint(name) | facts for name, facts in files.items()}
        rows = sum(split.rows for split in self._splits.values())
        rows_sha256 = combined(split.digest.hexdigest() for split in self._splits.values())
        description = self._description
        texts = {"README.md": card(description, files), "croissant.json": _json(croissant(description, files))}
        texts[PICTURE] = picture(description["balanced"])
        files |= {name: self._write_text(name, content) for name, content in texts.items()}
        faults.point("manifest_before")
        told = {**description, "rows": rows, "rows_sha256": rows_sha256, "files": files}
        manifest = self._write_text(MANIFEST, _json(told))
        faults.point("manifest_after")
        return Written(rows, rows_sha256, manifest["sha256"])

    def _write_text(self, name: str, content: str) -> dict[str, Any]:
        (self._folder.path / name).write_text(content, encoding="utf-8", newline="\n")
        return self._folder.fingerprint(name)


def written_by(balance: Balance) -> str:
    """Name what writes a version; raises SettingError where it is not installed."""
    from tdcrawl import drawing  # noqa: PLC0415 - it takes its time to import

    others = [smote.writer()] if balance is Balance.SMOTE else []
    return ", ".join([parquet.WRITER, drawing.WRITER, *others])


def columns_in(description: Description) -> Columns:
    """Read the columns that a version was frozen with, which its record type may have changed since."""
    return {name: ColumnType(kind) for name, kind in description["columns"].items()}


def rows_digest(some_rows: Iterable[Sequence[Any]]) -> str | None:
    """Digest rows (`versions.frozen_rows`) as `rows_sha256` does; None where the columns of one say something else."""
    digests = {split: hashlib.sha256() for split in SPLITS}
    in_place = True
    # All are read even so: the database would still be at it otherwise.
    for rows in some_rows:
        in_place = in_place and versions.are_in_place(rows)
        lines = defaultdict[str, list[str]](list)
        for _, split, data in rows:
            lines[split].append(data)
        in_place = in_place and lines.keys() <= digests.keys()
        for split in lines.keys() & digests.keys():
            digests[split].update("\n".join([*lines[split], ""]).encode())
    return combined(digest.hexdigest() for digest in digests.values()) if in_place else None


def combined(digests: Iterable[str]) -> str:
    """Make one digest of those of the splits: SHA-256 of their hexadecimal digits, a line each."""
    return hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
