"""The one door to pyarrow: training rows as Parquet, the same bytes for the same rows."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tdcrawl.records.columns import Columns, ColumnType, Row

WRITER = f"pyarrow {pa.__version__}"
"""What wrote a file: another version may write other bytes for the same rows."""

_ROWS_A_GROUP = 10_000
_ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TIME: pa.timestamp("us", tz="UTC"),
}


def write(path: Path, columns: Columns, rows: Iterable[Row]) -> int:
    """Write rows to a file, zstd, in groups of 10,000; returns how many. A column keeps its type even if all null."""
    schema = pa.schema([(name, _ARROW[column_type]) for name, column_type in columns.items()])
    remaining = iter(rows)
    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        while group := list(islice(remaining, _ROWS_A_GROUP)):
            # Column by column: from_pylist would take a missing or misspelt key for a null.
            arrays = [pa.array([row[field.name] for row in group], field.type) for field in schema]
            file.write_table(pa.Table.from_arrays(arrays, schema=schema))
            written += len(group)
    return written


def count_rows(path: Path) -> int:
    """Count the rows of a file by its footer."""
    return int(pq.read_metadata(path).num_rows)
