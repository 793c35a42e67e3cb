"""The door to Parquet: rows as Parquet, the same bytes for the same rows, and tables that others wrote."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from tdcrawl import faults
from tdcrawl.errors import StoreError
from tdcrawl.records.columns import Columns, ColumnType, Row, to_json

UNREADABLE = pa.ArrowInvalid
"""What a file raises that is cut off, or is no Parquet."""
WRITER = f"pyarrow {pa.__version__}"
"""What wrote a file: another version may write other bytes for the same rows."""

Schema = Any
Table = Any

ROWS_A_GROUP = 10_000
_ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TIME: pa.timestamp("us", tz="UTC"),
}


class Part:
    """Write one file, zstd, in groups of 10,000 rows, from rows as lines of JSON (`records/columns.to_json`).

    A column keeps its type even if all its values are null.
    """

    def __init__(self, path: Path, columns: Columns) -> None:
        self._schema = schema_of(columns)
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")
        self.rows = 0
        faults.point("export_open")

    def take(self, lines: Sequence[str]) -> Callable[[], Table]:
        """Write rows as a group of their own, and give what reads them, typed; raises StoreError for other columns."""
        table = table_of(lines, self._schema)
        self._file.write_table(table)
        self.rows += len(table)
        faults.point("export_rowgroup")
        return lambda: table

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def write(path: Path, columns: Columns, rows: Iterable[Row]) -> int:
    """Write rows to a file of their own; returns how many."""
    lines = map(to_json, rows)
    with closing(Part(path, columns)) as part:
        while group := list(islice(lines, ROWS_A_GROUP)):
            part.take(group)
    return part.rows


def write_lines(path: Path, columns: Columns, source: Path) -> int:
    """Write rows that are the lines of a file; returns how many."""
    with closing(Part(path, columns)) as part, source.open(encoding="utf-8", newline="\n") as lines:
        while group := [line.removesuffix("\n") for line in islice(lines, ROWS_A_GROUP)]:
            part.take(group)
    return part.rows


def schema_of(columns: Columns) -> Schema:
    """Give the types that columns have in a file."""
    return pa.schema([(name, _ARROW[column_type]) for name, column_type in columns.items()])


def table_of(lines: Sequence[str], schema: Schema) -> Table:
    """Read rows that are lines of JSON; raises StoreError where one is none, or has other columns."""
    joined = "\n".join(lines).encode()
    try:
        return pa_json.read_json(
            pa.BufferReader(joined),
            # A row may be longer than what is read at a time by default.
            read_options=pa_json.ReadOptions(block_size=len(joined) + 1, use_threads=False),
            parse_options=pa_json.ParseOptions(schema, unexpected_field_behavior="error"),
        )
    except pa.ArrowInvalid as error:
        raise StoreError(f"a row cannot be written as it is: {error}") from error


def count_rows(file: Path | BinaryIO) -> int:
    """Count the rows of a file by its footer."""
    return int(pq.read_metadata(file).num_rows)


def files_in(path: Path) -> list[Path]:
    """List a Parquet file, or those anywhere in a folder but hidden ones; raises StoreError where there is none."""
    found = [path] if path.is_file() else sorted(path.rglob("*.parquet"))
    files = [file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts)]
    if not files:
        raise StoreError(f"{path} is no Parquet file and no folder of any")
    return files


def by_schema(files: Iterable[Path]) -> list[tuple[Schema, list[Path]]]:
    """Put together the files that have the same columns; raises StoreError for one that cannot be read."""
    groups: defaultdict[Schema, list[Path]] = defaultdict(list)
    for file in files:
        groups[_schema_of(file)].append(file)
    return list(groups.items())


def _schema_of(file: Path) -> Schema:
    try:
        schema = pq.read_schema(file).remove_metadata()
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreError(f"{file} cannot be read as Parquet: {error}") from error
    return pa.schema([_plain(field) for field in schema])


def _plain(field: Any) -> Any:
    # What pandas writes of a category is a text like any other.
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def common_schema(schemas: Iterable[Schema]) -> Schema:
    """Unite the columns of files; raises StoreError where they have different types for one."""
    try:
        return pa.unify_schemas(list(schemas), promote_options="permissive")
    except pa.ArrowTypeError as error:
        raise StoreError(f"the files do not fit together: {error}") from error


def is_text(schema: Schema, name: str) -> bool:
    """Say whether a schema has a column of texts of that name."""
    if name not in schema.names:
        return False
    kind = schema.field(name).type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def rows(files: Iterable[Path], names: Collection[str] | None = None) -> Iterator[Row]:
    """Read some columns, or all, a row at a time; those that a file lacks are not in its rows."""
    for file in files:
        with pq.ParquetFile(file) as source:
            present = [name for name in source.schema_arrow.names if names is None or name in names]
            for batch in source.iter_batches(ROWS_A_GROUP, columns=present):
                yield from batch.to_pylist()


def ordered_tables(files: Sequence[Path], schema: Schema, by: str, leaving_out: Collection[str]) -> Iterator[Table]:
    """Read whole files, in the order of a text column and without the rows of some of its values."""
    import pyarrow.compute as pc  # noqa: PLC0415 - seven megabytes, which a crawl can do without

    table = pa.concat_tables(_cast(pq.ParquetFile(file).read(), schema) for file in files)
    if leaving_out:
        table = table.filter(pc.invert(pc.is_in(table[by], pa.array(leaving_out, table[by].type))))
    order = pc.sort_indices(table[by])
    # A slice at a time: a column of texts sorted at once may outgrow what its type can hold.
    for start in range(0, len(order), ROWS_A_GROUP):
        yield table.take(order.slice(start, ROWS_A_GROUP))


def write_tables(path: Path, schema: Schema, tables: Iterable[Table]) -> int:
    """Write tables as `write` does rows: the same bytes however the rows are spread over tables."""
    written, waiting = 0, schema.empty_table()
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for table in tables:
            waiting = pa.concat_tables([waiting, _cast(table, schema)])
            while len(waiting) >= ROWS_A_GROUP:
                file.write_table(waiting.slice(0, ROWS_A_GROUP).combine_chunks())
                waiting, written = waiting.slice(ROWS_A_GROUP), written + ROWS_A_GROUP
        if len(waiting):
            file.write_table(waiting.combine_chunks())
    return written + len(waiting)


def _cast(table: Table, schema: Schema) -> Table:
    """Give a table the columns of a schema; one that it lacks is null."""
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
