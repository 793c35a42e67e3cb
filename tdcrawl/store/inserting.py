"""Inserting many rows: what SQLAlchemy does anew for each of them is done once for all of a kind."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from pydantic_core import PydanticSerializationError, to_json
from sqlalchemy import JSON, Connection, Dialect, LargeBinary, Table, insert
from sqlalchemy.types import TypeEngine

from tdcrawl.store.rows import Row

Written = Callable[[Sequence[Row]], Any]


def insert_all(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, in their order, which all name the same columns; there may be none."""
    if rows:
        prepare = _as_json if connection.dialect.name == "postgresql" else _by_place
        statement, written = prepare(table, tuple(rows[0]), connection.dialect)
        connection.exec_driver_sql(statement, written(rows))


@lru_cache
def _by_place(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[str, Written]:
    """Have SQLite run a statement for each row: it does so without a word between them."""
    statement = insert(table).compile(dialect=dialect, column_keys=names)
    processors = _processors({name: table.c[name].type for name in names}, dialect)
    placed = itemgetter(*statement.positiontup or ())
    return str(statement), lambda rows: [
        placed(row | {name: process(row[name]) for name, process in processors}) for row in rows
    ]


@lru_cache
def _as_json(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[str, Written]:
    """Have PostgreSQL read the rows from one JSON value: half of the work here, and less there."""
    kinds = {name: table.c[name].type for name in names}
    quoted = {name: dialect.identifier_preparer.quote(name) for name in names}
    in_hex = {name for name, kind in kinds.items() if isinstance(kind, LargeBinary)}
    read = (f"decode({quoted[name]}, 'hex')" if name in in_hex else quoted[name] for name in names)
    shape = (f"{quoted[name]} {'TEXT' if name in in_hex else kinds[name].compile(dialect)}" for name in names)
    statement = (
        f"INSERT INTO {table.name} ({', '.join(quoted.values())}) SELECT {', '.join(read)} "  # noqa: S608 - our names
        f"FROM json_to_recordset(%(rows)s::json) AS given({', '.join(shape)})"
    )
    return statement, json_value(kinds, dialect)


def json_value(kinds: Mapping[str, TypeEngine[Any]], dialect: Dialect) -> Written:
    """Write rows, of columns of these types, as the JSON value that a statement reads as its parameter `rows`."""
    processors = _processors(
        {name: kind for name, kind in kinds.items() if not isinstance(kind, JSON | LargeBinary)}, dialect
    )

    def written(rows: Sequence[Row]) -> Any:
        ready = [row | {name: process(row[name]) for name, process in processors} for row in rows]
        try:
            return {"rows": to_json(ready, bytes_mode="hex").decode()}
        except PydanticSerializationError:
            json.dumps(ready, ensure_ascii=False, default=str).encode()  # Tells what it is that no database can hold.
            raise

    return written


def _processors(kinds: Mapping[str, TypeEngine[Any]], dialect: Dialect) -> list[tuple[str, Callable[[Any], Any]]]:
    found = ((name, kind.dialect_impl(dialect).bind_processor(dialect)) for name, kind in kinds.items())
    return [(name, process) for name, process in found if process is not None]
