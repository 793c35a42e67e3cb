"""A version as files: the same bytes wherever and however often its rows are written."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from tdcrawl import faults
from tdcrawl.datasets.card import card
from tdcrawl.datasets.croissant import croissant
from tdcrawl.datasets.split import SPLITS
from tdcrawl.records.columns import Columns, ColumnType, Row, to_json
from tdcrawl.store import csv_file, parquet, versions
from tdcrawl.store.engine import Connection

MANIFEST = "manifest.json"
MAX_CSV_ROWS = 100_000
_ROWS_A_PART = 100_000

Description = Mapping[str, Any]
"""All of a manifest that cannot be told from the rows: see `version.describe`."""
Files = dict[str, dict[str, Any]]
"""What the manifest says of each file, by its path inside the version: bytes, sha256, and rows where it has rows."""


@dataclass(frozen=True)
class Written:
    """Say what was written: how many rows, their digest, and that of the manifest, which covers every file."""

    rows: int
    rows_sha256: str
    manifest_sha256: str


def write_files(connection: Connection, description: Description, folder: Path) -> Written:
    """Write the rows of a version, its card and its croissant.json into a folder, and last the manifest."""
    columns = columns_in(description)
    row_digest = hashlib.sha256()
    files: Files = {}
    for split in SPLITS:
        (folder / split).mkdir()
        rows = versions.frozen_rows(connection, description["version"], columns, split)
        files |= _write_parquet(folder, split, columns, _digested(rows, row_digest))
        if "csv" in description["parameters"]["formats"]:
            rows = versions.frozen_rows(connection, description["version"], columns, split)
            csv_file.write(folder / split / "part-00000.csv", columns, rows)
            files[f"{split}/part-00000.csv"] = {"rows": files[f"{split}/part-00000.parquet"]["rows"]}
    total = sum(facts["rows"] for name, facts in files.items() if name.endswith(".parquet"))
    files = {name: fingerprint(folder / name) | facts for name, facts in files.items()}
    texts = {"README.md": card(description, files), "croissant.json": _json(croissant(description, files))}
    files |= {name: _write_text(folder / name, content) for name, content in texts.items()}
    digests = {"rows": total, "rows_sha256": row_digest.hexdigest(), "files": files}
    faults.point("manifest_before")
    manifest = _write_text(folder / MANIFEST, _json({**description, **digests}))
    faults.point("manifest_after")
    return Written(total, row_digest.hexdigest(), manifest["sha256"])


def columns_in(description: Description) -> Columns:
    """Read the columns that a version was frozen with, which its record type may have changed since."""
    return {name: ColumnType(kind) for name, kind in description["columns"].items()}


def fingerprint(path: Path) -> dict[str, Any]:
    """Measure a file: its bytes and their SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return {"bytes": path.stat().st_size, "sha256": digest.hexdigest()}


def rows_digest(rows: Iterable[Row]) -> str:
    """Digest rows as `rows_sha256` does: SHA-256 over each as a line of JSON."""
    digest = hashlib.sha256()
    for _ in _digested(rows, digest):
        pass
    return digest.hexdigest()


def _digested(rows: Iterable[Row], digest: Any) -> Iterator[Row]:
    for row in rows:
        digest.update(to_json(row).encode() + b"\n")
        yield row


def _write_parquet(folder: Path, split: str, columns: Columns, rows: Iterator[Row]) -> Files:
    """Write at least one part, so that a split without rows can be loaded like any other."""
    files: Files = {}
    head = list(islice(rows, 1))
    while head or not files:
        name = f"{split}/part-{len(files):05}.parquet"
        part = islice(chain(head, rows), _ROWS_A_PART)
        files[name] = {"rows": parquet.write(folder / name, columns, part)}
        head = list(islice(rows, 1))
    return files


def _write_text(path: Path, content: str) -> dict[str, Any]:
    path.write_text(content, encoding="utf-8", newline="\n")
    return fingerprint(path)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
