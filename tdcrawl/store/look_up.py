"""Looking up any number of ids: a statement takes only so many parameters (SQLite 32,766), and is slow with many."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Delete, Engine, Select, Update, any_, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_IDS = "ids"
_AT_ONCE = 10_000
_ROWS_AT_ONCE = 1_000
Row = dict[str, Any]
_Id = TypeVar("_Id")


class _Among(FunctionElement[bool]):
    # Not of a type: of a truth value SQLAlchemy would say `= 1` to SQLite, which then reads every row.
    name = "among"
    inherit_cache = True


def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Compare a column with the ids that a statement is given as its parameter `ids`."""
    return _Among(column)


@compiles(_Among)
def _in_a_list(among: _Among, compiler: SQLCompiler, **kwargs: Any) -> str:
    (column,) = among.clauses
    return compiler.process(column.in_(bindparam(_IDS, expanding=True)), **kwargs)


@compiles(_Among, "postgresql")
def _in_an_array(among: _Among, compiler: SQLCompiler, **kwargs: Any) -> str:
    """Name one parameter: with two hundred, psycopg takes three times as long, and PostgreSQL sees a new statement."""
    (column,) = among.clauses
    return compiler.process(column == any_(bindparam(_IDS, type_=ARRAY(column.type))), **kwargs)


def look_up(connection: Connection, query: Select[Any], ids: Sequence[str]) -> Iterator[Any]:
    """Run a query for ids, in as many statements as they need; yields its rows."""
    for some in some_of(ids):
        yield from connection.execute(query, {"ids": some})


def in_turn(engine: Engine, query: Select[Any], key: Column[str]) -> Iterator[Row]:
    """Stream the rows of a query by a text key of theirs, so many at a time: no connection stays open in between."""
    last = ""
    while True:
        with engine.connect() as connection:
            some = connection.execute(query.where(key > last).order_by(key).limit(_ROWS_AT_ONCE)).mappings().all()
        if not some:
            return
        yield from map(dict, some)
        last = some[-1][key]


def change_all(connection: Connection, statement: Delete | Update, ids: Sequence[Any]) -> int:
    """Change or delete rows by ids, in as many statements as they need; returns how many there were."""
    return sum(connection.execute(statement, {"ids": some}).rowcount for some in some_of(ids))


def some_of(ids: Sequence[_Id]) -> Iterator[Sequence[_Id]]:
    """Give ids so many at a time as a statement takes."""
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
