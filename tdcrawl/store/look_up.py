"""Looking up any number of ids: a statement takes only so many parameters (SQLite 32,766, PostgreSQL 65,535)."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam

IDS: BindParameter[Any] = bindparam("ids", expanding=True)
"""What a query compares with that goes to `look_up`."""
_AT_ONCE = 10_000


def look_up(connection: Connection, query: Select[Any], ids: Sequence[str]) -> Iterator[Any]:
    """Run a query for ids, in as many statements as they need; yields its rows."""
    for start in range(0, len(ids), _AT_ONCE):
        yield from connection.execute(query, {"ids": ids[start : start + _AT_ONCE]})
