"""The exports of one run: its failed records as JSON Lines and its records as Parquet, both whole or not there."""

from collections.abc import Iterable
from pathlib import Path

from tdcrawl.records.base import RecordType
from tdcrawl.records.columns import Row, columns_of, to_json, training_row
from tdcrawl.store import parquet
from tdcrawl.store.atomic import new_directory
from tdcrawl.store.engine import Engine, reading
from tdcrawl.store.run_rows import run_failures, run_records

FAILED = "failed_records.jsonl"
RECORDS = "records.parquet"
# A run has neither splits nor weights: freezing a version gives them.
_OF_VERSIONS = {"split", "sample_weight"}


def export_run(engine: Engine, run_id: str, record_type: RecordType, data_dir: Path) -> list[Path]:
    """Write `<data_dir>/runs/<run_id>/` from the ledger, anew where it is there, and return its files.

    Raises StoreError where it cannot.
    """
    target = data_dir / "runs" / run_id
    columns = {name: kind for name, kind in columns_of(record_type).items() if name not in _OF_VERSIONS}
    with reading(engine) as connection, new_directory(target, replace=True) as draft:
        _write_lines(draft / FAILED, (dict(row) for row in run_failures(connection, run_id)))
        rows = (training_row(row, columns, split="") for row in run_records(connection, run_id))
        parquet.write(draft / RECORDS, columns, rows)
    return [target / FAILED, target / RECORDS]


def _write_lines(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(to_json(row) + "\n" for row in rows)
