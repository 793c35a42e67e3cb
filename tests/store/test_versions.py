"""Frozen rows in the database: in one order whatever the database would find easier."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import Table, select, text
from sqlalchemy.exc import DBAPIError

from tdcrawl.records.base import digest
from tdcrawl.records.columns import ColumnType
from tdcrawl.store import versions
from tdcrawl.store.dataset_tables import dataset_rows, dataset_versions
from tdcrawl.store.engine import Engine, open_engine
from tdcrawl.store.versions import Version

COLUMNS = {"record_id": ColumnType.TEXT, "split": ColumnType.TEXT}
A_ROW = {"record_id": digest("one"), "split": "train"}
# How one may try to rewrite v1 and its row, or (by the rowid) to put another version and row in their place.
REWRITES = [
    "UPDATE {table} SET version = 'v9'",
    "DELETE FROM {table}",
    "INSERT INTO {table} SELECT * FROM {table}",
    "INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT ({key}) DO UPDATE SET version = 'v9'",
]
ON_SQLITE = [
    "REPLACE INTO {table} SELECT * FROM {table}",
    "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    "INSERT OR REPLACE INTO {table} (rowid, {columns}) SELECT rowid, 'v9', {others} FROM {table}",
    "INSERT OR IGNORE INTO {table} SELECT * FROM {table}",
    "UPDATE OR REPLACE {table} SET version = 'v9'",
    "UPDATE OR REPLACE {table} SET rowid = 7",
]
ON_POSTGRESQL = ["TRUNCATE {table}"]


def test_frozen_rows_come_by_record_id_when_no_index_is_used(postgresql_database: str) -> None:
    engine = open_engine(postgresql_database)
    rows = [{"record_id": digest(str(number)), "split": "train"} for number in range(50)]
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL enable_indexscan = off"))
        connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        versions.add_rows(connection, "v1", rows)
        found = [line.record_id for line in versions.frozen_lines(connection, "v1")]
    engine.dispose()
    assert found == sorted(row["record_id"] for row in rows)


def test_versions_come_by_number(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        for name in ("v10", "v2", "v9"):
            versions.seal(connection, Version(name, "review", datetime.now(UTC), {}, 0, "", "", ""), COLUMNS)
        assert [version.name for version in versions.versions(connection)] == ["v2", "v9", "v10"]
        assert versions.find_version(connection, "v1") is None
    engine.dispose()


def sealed(database_url: str) -> Engine:
    """Freeze one row as v1."""
    engine = open_engine(database_url)
    with engine.begin() as connection:
        versions.add_rows(connection, "v1", [A_ROW])
        versions.seal(connection, Version("v1", "review", datetime.now(UTC), {}, 1, "", "", ""), COLUMNS)
    return engine


def spelled(statement: str, table: Table) -> str:
    """Write a statement for a table of frozen things, whose first column is the version."""
    names = [column.name for column in table.columns]
    key = ", ".join(column.name for column in table.primary_key)
    return statement.format(table=table.name, key=key, columns=", ".join(names), others=", ".join(names[1:]))


@pytest.mark.attack("a statement that rewrites a frozen version", "refused by the database", cases=len(REWRITES))
@pytest.mark.parametrize("table", [dataset_versions, dataset_rows], ids=str)
def test_whatever_would_rewrite_a_version_is_refused(database_url: str, table: Table) -> None:
    engine = sealed(database_url)
    before = everything(engine)
    own = ON_SQLITE if engine.dialect.name == "sqlite" else ON_POSTGRESQL
    for statement in (*REWRITES, *own):
        with pytest.raises(DBAPIError, match=r"a frozen dataset version never changes|duplicate key"):
            rewrite(engine, spelled(statement, table))
        assert everything(engine) == before, statement
    engine.dispose()


def everything(engine: Engine) -> list[object]:
    """Read both tables whole."""
    with engine.connect() as connection:
        return [*connection.execute(select(dataset_versions)), *connection.execute(select(dataset_rows))]


def rewrite(engine: Engine, statement: str) -> None:
    """Execute a statement and commit it."""
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_a_further_version_is_added_when_one_is_there(database_url: str) -> None:
    engine = sealed(database_url)
    with engine.begin() as connection:
        versions.add_rows(connection, "v2", [A_ROW])
        versions.seal(connection, Version("v2", "review", datetime.now(UTC), {}, 1, "", "", ""), COLUMNS)
        assert [json.loads(line.data) for line in versions.frozen_lines(connection, "v2")] == [A_ROW]
    engine.dispose()
