"""Where frozen versions are kept: rows, version, and the view that shows them; the migrations protect them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Float,
    Text,
    cast,
    column,
    insert,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.schema import CreateView
from sqlalchemy.types import TypeEngine

from tdcrawl.records.columns import Columns, ColumnType, Row, to_json, typed
from tdcrawl.store.dataset_tables import dataset_rows, dataset_versions
from tdcrawl.store.errata import amended, errata_of
from tdcrawl.store.utc_time import UtcTime

_ROWS_AT_ONCE = 1_000
# For one statement: options of a connection would stay with it.
_STREAMED = {"yield_per": _ROWS_AT_ONCE}
_KEPT = ("tombstones", "erased_items", "dataset_errata")
_TRIGGERS = {
    "sqlite": {
        "frozen_dataset_rows_update",
        "frozen_dataset_rows_delete",
        "frozen_dataset_rows_insert",
        "frozen_dataset_rows_replace",
        "frozen_dataset_versions_update",
        "frozen_dataset_versions_delete",
        "frozen_dataset_versions_insert",
        "frozen_dataset_versions_replace",
        *(f"kept_{table}_{verb}" for table in _KEPT for verb in ("update", "delete", "replace")),
    },
    "postgresql": {
        "frozen_dataset_rows",
        "frozen_dataset_rows_truncate",
        "frozen_dataset_rows_insert",
        "frozen_dataset_versions",
        "frozen_dataset_versions_truncate",
        *(f"kept_{table}{verb}" for table in _KEPT for verb in ("", "_truncate")),
    },
}
# A disabled trigger of PostgreSQL protects nothing ('O' and 'A' fire in an ordinary session).
_LIST_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')",
}


@dataclass(frozen=True)
class Version:
    """Hold a row of dataset_versions, in the order of its columns.

    `parameters` is all of the manifest that cannot be told from the rows.
    """

    name: str
    record_type: str
    created_at: datetime
    parameters: dict[str, Any]
    row_count: int
    rows_sha256: str
    manifest_sha256: str
    location: str

    @property
    def number(self) -> int:
        """Give the N of vN."""
        return int(self.name.removeprefix("v"))


def versions(connection: Connection) -> list[Version]:
    """List all versions by their number, each as its last erratum says."""
    errata = errata_of(connection)
    found = [Version(*row) for row in connection.execute(select(dataset_versions))]
    return sorted((_as_it_is(version, errata.get(version.name, [])) for version in found), key=lambda one: one.number)


def _as_it_is(version: Version, errata: list[dict[str, Any]]) -> Version:
    if not errata:
        return version
    now = {name: errata[-1][name] for name in ("row_count", "rows_sha256", "manifest_sha256")}
    return replace(version, parameters=amended(version.parameters, errata), **now)


def find_version(connection: Connection, name: str) -> Version | None:
    """Find a version by its name."""
    return next((version for version in versions(connection) if version.name == name), None)


def add_rows(connection: Connection, version: str, rows: Iterable[Row]) -> None:
    """Insert the rows of a version that is not sealed yet."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, _ROWS_AT_ONCE)):
        values = [
            {"version": version, "record_id": row["record_id"], "split": row["split"], "data": json.loads(to_json(row))}
            for row in chunk
        ]
        connection.execute(insert(dataset_rows), values)


def seal(connection: Connection, version: Version, columns: Columns) -> None:
    """Insert the version itself, after which the database refuses any change to it, and create its view."""
    connection.execute(insert(dataset_versions).values(astuple(version)))
    dialect = connection.dialect.name
    shown = [_out_of_json(name, column_type, dialect) for name, column_type in columns.items()]
    rows_of_version = select(*shown).where(dataset_rows.c.version == version.name)
    connection.execute(CreateView(rows_of_version, view_name(version.name)))


def view_name(version: str) -> str:
    """Name the view of a version."""
    return f"training_data_{version}"


def frozen_rows(connection: Connection, version: str, columns: Columns, split: str) -> Iterator[Row]:
    """Stream the rows of one split by record id."""
    stored = dataset_rows.c
    # Ids are hexadecimal digits, which sort alike under every collation.
    query = (
        select(stored.record_id, stored.split, stored.data)
        .where(stored.version == version, stored.split == split)
        .order_by(stored.record_id)
    )
    for record_id, in_split, data in connection.execute(query, execution_options=_STREAMED):
        yield typed({**data, "record_id": record_id, "split": in_split}, columns)


def view_rows(connection: Connection, version: str, columns: Columns, split: str) -> Iterator[Row]:
    """Stream the rows of one split by record id, as the view shows them."""
    dialect = connection.dialect.name
    view = table(view_name(version), *(column(name, _sql_type(kind, dialect)) for name, kind in columns.items()))
    query = select(view).where(view.c.split == split).order_by(view.c.record_id)
    for row in connection.execute(query, execution_options=_STREAMED):
        yield typed(row._asdict(), columns)


def view_columns(connection: Connection, version: str) -> list[str] | None:
    """List the columns of a version's view; None where there is no such view."""
    inspector = inspect(connection)
    if view_name(version) not in inspector.get_view_names():
        return None
    return [found["name"] for found in inspector.get_columns(view_name(version))]


def missing_triggers(connection: Connection) -> list[str]:
    """List the triggers that should protect frozen versions and are gone or disabled."""
    dialect = connection.dialect.name
    return sorted(_TRIGGERS[dialect] - set(connection.scalars(text(_LIST_TRIGGERS[dialect]))))


def _out_of_json(name: str, column_type: ColumnType, dialect: str) -> ColumnElement[Any]:
    value = dataset_rows.c.data[name]
    match column_type:
        case ColumnType.NUMBER:
            # Not by way of a text: SQLite would round it to 15 digits.
            read: ColumnElement[Any] = value.as_float()
        case ColumnType.TEXT:
            read = value.as_string()
        case _:
            read = cast(value.as_string(), _sql_type(column_type, dialect))
    return read.label(name)


def _sql_type(column_type: ColumnType, dialect: str) -> TypeEngine[Any]:
    # SQLite has no type for times: its views show them as ISO 8601 texts.
    times: TypeEngine[Any] = UtcTime() if dialect == "postgresql" else Text()
    types: dict[ColumnType, TypeEngine[Any]] = {
        ColumnType.TEXT: Text(),
        ColumnType.INTEGER: BigInteger(),
        ColumnType.NUMBER: Float(),
        ColumnType.BOOLEAN: Boolean(),
        ColumnType.TIME: times,
    }
    return types[column_type]
