"""Updating many rows, each in its own way: PostgreSQL gets them as one JSON value, as it does when inserting."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, BindParameter, Connection, Dialect, Text, Update, bindparam, cast, column, func, select
from sqlalchemy.sql.visitors import replacement_traverse

from tdcrawl.store.inserting import Written, json_value
from tdcrawl.store.rows import Row


def update_all(connection: Connection, statement: Update, rows: Sequence[Row]) -> None:
    """Run an update with the parameters of each row; there may be none. No two may change the same row of a table."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        at_once, written = _at_once(statement, tuple(rows[0]), connection.dialect)
        connection.execute(at_once, written(rows) | {"number": len(rows)})
    else:
        connection.execute(statement, rows)


@lru_cache
def _at_once(statement: Update, names: tuple[str, ...], dialect: Dialect) -> tuple[Update, Written]:
    """Have PostgreSQL read the parameters from the rows: 25 take a third of the time of as many statements."""
    compiled: Any = statement.compile(dialect=dialect)
    kinds = {name: compiled.binds[name].type for name in names}
    read_in = (
        func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
        .table_valued(*(column(name, kind) for name, kind in kinds.items()))
        .render_derived(with_types=True)
    )
    # It takes it that there are a hundred rows, and for so many would read a table of thirty thousand all through.
    given = select(read_in).limit(bindparam("number")).subquery("given")

    def read(element: Any, **_: Any) -> Any:
        return given.c[element.key] if isinstance(element, BindParameter) and element.key in kinds else None

    at_once: Any = replacement_traverse(statement, {}, read)
    return at_once, json_value(kinds, dialect)
