"""Looking up any number of ids: a statement takes only so many parameters (SQLite 32,766, PostgreSQL 65,535)."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Column, Connection, Delete, Engine, Select, bindparam

IDS: BindParameter[Any] = bindparam("ids", expanding=True)
"""What a query compares with that goes to `look_up`."""
_AT_ONCE = 10_000
_ROWS_AT_ONCE = 1_000
Row = dict[str, Any]
_Id = TypeVar("_Id")


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


def delete_all(connection: Connection, statement: Delete, ids: Sequence[Any]) -> int:
    """Delete rows by ids, in as many statements as they need; returns how many there were."""
    return sum(connection.execute(statement, {"ids": some}).rowcount for some in some_of(ids))


def some_of(ids: Sequence[_Id]) -> Iterator[Sequence[_Id]]:
    """Give ids so many at a time as a statement takes."""
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
