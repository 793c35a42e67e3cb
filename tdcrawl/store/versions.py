"""Where frozen versions are kept: rows, version, and the view that shows them; the migrations protect them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, cast, column, func, insert, select, table
from sqlalchemy.types import UserDefinedType

from tdcrawl.records.columns import Columns, Row, to_json
from tdcrawl.store import version_views
from tdcrawl.store.dataset_tables import dataset_rows, dataset_versions
from tdcrawl.store.errata import amended, errata_of

# Of more a processor's cache holds less.
_ROWS_AT_ONCE = 200
# For one statement: options of a connection would stay with it.
_STREAMED = {"yield_per": _ROWS_AT_ONCE}


class _JsonLine(UserDefinedType[str]):
    """Take JSON as the text that it is: both databases keep it to the letter."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "JSON"


# As drivers take it: SQLAlchemy would need a third of the time to find out what a line's parameters are.
_INTO = f"INSERT INTO {dataset_rows.name} (version, record_id, split, data) VALUES"
_INSERT = {"sqlite": f"{_INTO} (?, ?, ?, ?)", "postgresql": f"{_INTO} (%s, %s, %s, %s)"}
_ROWS = table(dataset_rows.name, column("version"), column("record_id"), column("split"), column("data", _JsonLine()))


class Line(NamedTuple):
    """Hold a frozen row as the line of JSON that it is, and where it stands."""

    record_id: str
    split: str
    data: str


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
    """Insert rows of a version that is not sealed yet."""
    add_lines(connection, version, [Line(row["record_id"], row["split"], to_json(row)) for row in rows])


def add_lines(connection: Connection, version: str, lines: Sequence[Line]) -> None:
    """Insert rows of a version that is not sealed yet, each as the line of JSON that it is."""
    connection.exec_driver_sql(_INSERT[connection.dialect.name], [(version, *line) for line in lines])


def seal(connection: Connection, version: Version, columns: Columns) -> None:
    """Insert the version itself, after which the database refuses any change to it, and create its view."""
    connection.execute(insert(dataset_versions).values(astuple(version)))
    version_views.create(connection, version.name, columns)


def frozen_lines(connection: Connection, version: str) -> Iterator[Line]:
    """Stream the rows of a version by record id, each as the very line that was frozen."""
    return map(Line._make, chain.from_iterable(frozen_rows(connection, version)))


def frozen_rows(connection: Connection, version: str) -> Iterator[Sequence[Any]]:
    """Stream what makes the lines, many at once."""
    # Ids are hexadecimal digits, which sort alike under every collation.
    query = select(_ROWS.c.record_id, _ROWS.c.split, cast(_ROWS.c.data, Text)).order_by(_ROWS.c.record_id)
    return connection.execute(query.where(_ROWS.c.version == version), execution_options=_STREAMED).partitions()


def are_in_place(rows: Sequence[Any]) -> bool:
    """Say whether rows themselves name their ids and splits.

    Nothing is parsed: inside a text its quotes would stand escaped. An id with quotes could name other columns.
    """
    named = [f'"record_id":"{name}"' in data and f'"split":"{split}"' in data for name, split, data in rows]
    return all(named) and '"' not in "".join([name for name, _, _ in rows])


def count_rows(connection: Connection, version: str) -> int:
    """Count the rows of a version."""
    return connection.scalar(select(func.count()).where(dataset_rows.c.version == version)) or 0
