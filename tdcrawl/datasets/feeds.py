"""The exports of one run: its failed records as JSON Lines and its records as Parquet, both whole or not there."""

import json
import shutil
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

from tdcrawl.outcomes import EraseReason
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import RecordType
from tdcrawl.records.columns import Row, columns_of, to_json, training_row
from tdcrawl.store.atomic import new_directory, one_at_a_time
from tdcrawl.store.engine import Engine, reading
from tdcrawl.store.run_rows import run_failures, run_records, type_of_run

FAILED = "failed_records.jsonl"
RECORDS = "records.parquet"
# A run has neither splits nor weights: freezing a version gives them.
_OF_VERSIONS = {"split", "sample_weight"}


def export_run(engine: Engine, run_id: str, record_type: RecordType, data_dir: Path) -> list[Path]:
    """Write `<data_dir>/runs/<run_id>/` from the ledger, anew where it is there, and return its files.

    Raises StoreError where it cannot.
    """
    from tdcrawl.store import parquet  # noqa: PLC0415 - a crawl needs it in the end, and its memory until then

    target = data_dir / "runs" / run_id
    columns = {name: kind for name, kind in columns_of(record_type).items() if name not in _OF_VERSIONS}
    # Two workers of a run may each find that they are its last one.
    with one_at_a_time(target.parent), reading(engine) as connection, new_directory(target, replace=True) as draft:
        _write_lines(draft / FAILED, (dict(row) for row in run_failures(connection, run_id)))
        rows = (training_row(row, columns, split="") for row in run_records(connection, run_id))
        parquet.write(draft / RECORDS, columns, rows)
    return [target / FAILED, target / RECORDS]


def mend_feeds(engine: Engine, data_dir: Path, erased: AbstractSet[str]) -> list[Path]:
    """Write the feeds anew that still hold items which were erased; returns their folders. Raises StoreError."""
    mended = feeds_with(data_dir, erased)
    for folder in mended:
        if folder.name.startswith("."):  # A kill left it half written.
            shutil.rmtree(folder, ignore_errors=True)
        elif kind := type_of_run(engine, folder.name):
            export_run(engine, folder.name, RECORD_TYPES[kind], data_dir)
    return mended


def feeds_with(data_dir: Path, items: AbstractSet[str]) -> list[Path]:
    """List the folders of feeds that hold some items, or cannot be read."""
    return [folder for folder in sorted((data_dir / "runs").glob("*")) if _holds(folder, items)]


def _holds(folder: Path, erased: AbstractSet[str]) -> bool:
    from tdcrawl.store import parquet  # noqa: PLC0415 - see above

    kept, failed = folder / RECORDS, folder / FAILED
    try:
        if kept.is_file() and any(row["record_id"] in erased for row in parquet.rows([kept], {"record_id"})):
            return True
    except parquet.UNREADABLE:
        return True
    if not failed.is_file():
        return False
    with failed.open(encoding="utf-8") as lines:
        return any(_is_kept(line, erased) for line in lines)


def _is_kept(line: str, erased: AbstractSet[str]) -> bool:
    try:
        row = json.loads(line)
    except ValueError:
        return True
    return row["item_id"] in erased and row["reason"] != EraseReason.ERASED


def _write_lines(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(to_json(row) + "\n" for row in rows)
