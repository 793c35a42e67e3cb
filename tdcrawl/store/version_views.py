"""The view of a frozen version: its rows as a table, with a typed column for each of theirs."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Connection, Float, Select, Text, cast, inspect, select
from sqlalchemy.schema import CreateView
from sqlalchemy.types import TypeEngine

from tdcrawl.records.columns import Columns, ColumnType
from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.utc_time import UtcTime


def view_name(version: str) -> str:
    """Name the view of a version."""
    return f"training_data_{version}"


def create(connection: Connection, version: str, columns: Columns) -> None:
    """Create the view of a version."""
    connection.execute(CreateView(_shown(connection, version, columns), view_name(version)))


def view_columns(connection: Connection, version: str) -> list[str] | None:
    """List the columns of a version's view; None where there is no such view."""
    inspector = inspect(connection)
    if view_name(version) not in inspector.get_view_names():
        return None
    return [found["name"] for found in inspector.get_columns(view_name(version))]


def is_as_created(connection: Connection, version: str, columns: Columns) -> bool:
    """Say whether a version's view is the one that was created, by how the database tells a second one."""
    again = f"again_{view_name(version)}"
    connection.execute(CreateView(_shown(connection, version, columns), again, temporary=True))
    inspector = inspect(connection)
    told, expected = (inspector.get_view_definition(name) for name in (view_name(version), again))
    connection.exec_driver_sql(f"DROP VIEW {again}")
    return told == expected.replace(again, view_name(version))


def _shown(connection: Connection, version: str, columns: Columns) -> Select[Any]:
    dialect = connection.dialect.name
    shown = [_out_of_json(name, column_type, dialect) for name, column_type in columns.items()]
    return select(*shown).where(dataset_rows.c.version == version)


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
