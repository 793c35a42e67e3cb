"""Parquet files: typed whatever they hold, and the same bytes for the same rows."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tdcrawl.errors import StoreError
from tdcrawl.records.columns import ColumnType, Row
from tdcrawl.store import parquet

COLUMNS = {str(kind): kind for kind in ColumnType}
FULL: Row = {
    "text": "“Très bien” 很好",
    "integer": 12,
    "number": 4.666666666666667,
    "boolean": False,
    "time": datetime(2026, 6, 1, 12, 30, 0, 5, UTC),
}
EMPTY: Row = dict.fromkeys(COLUMNS)
ARROW = {"text": "string", "integer": "int64", "number": "double", "boolean": "bool", "time": "timestamp[us, tz=UTC]"}


@pytest.mark.parametrize("rows", [[FULL, EMPTY], [EMPTY], []])
def test_write_keeps_the_types_when_columns_are_null_or_there_are_no_rows(tmp_path: Path, rows: list[Row]) -> None:
    assert parquet.write(tmp_path / "p.parquet", COLUMNS, rows) == len(rows)
    table = pq.read_table(tmp_path / "p.parquet")
    assert {field.name: str(field.type) for field in table.schema} == ARROW
    assert table.to_pylist() == rows
    assert str(pd.read_parquet(tmp_path / "p.parquet")["time"].dtype) == "datetime64[us, UTC]"


def test_write_when_there_are_more_rows_than_a_group_holds(tmp_path: Path) -> None:
    rows = [{"integer": number} for number in range(20_001)]
    assert parquet.write(tmp_path / "p.parquet", {"integer": ColumnType.INTEGER}, rows) == 20_001
    assert parquet.count_rows(tmp_path / "p.parquet") == 20_001
    metadata = pq.read_metadata(tmp_path / "p.parquet")
    assert [metadata.row_group(place).num_rows for place in range(3)] == [10_000, 10_000, 1]
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_write_when_repeated_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        parquet.write(tmp_path / name, COLUMNS, [FULL, EMPTY] * 50)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_write_when_a_row_lacks_a_column(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="a row cannot be written as it is: JSON parse error: unexpected field"):
        parquet.write(tmp_path / "p.parquet", {"number": ColumnType.NUMBER}, [{"nubmer": 1.0}])
