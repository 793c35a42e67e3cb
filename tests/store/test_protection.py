"""What protects frozen versions: whatever is taken away, added or made another is named."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from tdcrawl.store import protection
from tdcrawl.store.dataset_tables import dataset_rows, dataset_versions
from tdcrawl.store.engine import open_engine, writing
from tdcrawl.store.erasure_tables import dataset_errata, erased_items, tombstones
from tests.services import fresh_database

LIST_TRIGGERS = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal",
}
ON_TABLE = {"sqlite": "", "postgresql": " ON {}"}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Open an empty database."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def changed(engine: Engine, *statements: str) -> list[str]:
    """Execute statements; returns what is found then, by another connection."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    with engine.connect() as connection:
        return protection.changes(engine, connection)


@pytest.mark.attack("a trigger of frozen versions that is dropped", "found by verify", cases=10)
def test_triggers_are_missed_when_they_are_gone(engine: Engine) -> None:
    assert changed(engine) == []
    with engine.connect() as connection:
        there = sorted(connection.execute(text(LIST_TRIGGERS[engine.dialect.name])).all())
    drop = [f"DROP TRIGGER {name}{ON_TABLE[engine.dialect.name].format(table)}" for name, table in there]
    assert changed(engine, *drop) == [f"the trigger {name} is gone or disabled" for name, _ in there]


@pytest.mark.attack("a column of frozen versions that is added or renamed", "found by verify", cases=2)
def test_columns_are_noticed_when_they_are_added_or_renamed(engine: Engine) -> None:
    found = changed(
        engine,
        "ALTER TABLE dataset_rows ADD COLUMN note TEXT",
        "ALTER TABLE dataset_versions RENAME COLUMN location TO place",
    )
    assert [one for one in found if "column" in one] == [
        "the column dataset_rows.note was added",
        "the column dataset_versions.location is gone or disabled",
        "the column dataset_versions.place was added",
    ]


@pytest.mark.attack("a trigger that does nothing any more, or one that drops rows", "found by verify", cases=2)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_trigger_that_does_nothing_any_more_is_noticed_on_sqlite(engine: Engine) -> None:
    assert changed(
        engine,
        "DROP TRIGGER frozen_dataset_rows_update",
        "CREATE TRIGGER frozen_dataset_rows_update BEFORE UPDATE ON dataset_rows BEGIN SELECT 1; END",
        "CREATE TRIGGER silent BEFORE INSERT ON dataset_rows BEGIN SELECT RAISE(IGNORE); END",
    ) == ["the trigger frozen_dataset_rows_update was changed", "the trigger silent was added"]


@pytest.mark.attack(
    "a function, a rule, a disabled trigger or a right that opens frozen versions", "found by verify", cases=4
)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_does_nothing_any_more_is_noticed_on_postgresql(engine: Engine) -> None:
    assert changed(
        engine,
        "CREATE OR REPLACE FUNCTION tdcrawl_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "ALTER TABLE dataset_rows DISABLE TRIGGER frozen_dataset_rows",
        "CREATE RULE silent AS ON INSERT TO dataset_rows DO INSTEAD NOTHING",
        "GRANT UPDATE ON dataset_rows TO PUBLIC",
    ) == [
        "the right of everybody to UPDATE dataset_rows was added",
        "the rule silent was added",
        "the trigger frozen_dataset_rows is gone or disabled",
        *(f"the trigger kept_{name} was changed" for name in ("dataset_errata", "dataset_errata_truncate")),
        *(f"the trigger kept_{name} was changed" for name in ("erased_items", "erased_items_truncate")),
        *(f"the trigger kept_{name} was changed" for name in ("tombstones", "tombstones_truncate")),
    ]


@pytest.fixture
def owned(postgresql_url: str) -> Iterator[Engine]:
    """Open an empty database that belongs to a role without powers of its own, and is used by it."""
    name = f"test_{uuid4().hex}"
    with fresh_database(postgresql_url, name) as database_url:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f'CREATE ROLE "{name}" LOGIN')
            connection.execute(f'ALTER DATABASE "{name}" OWNER TO "{name}"')
        engine = open_engine(database_url.replace("tester@", f"{name}@"))
        yield engine
        engine.dispose()


@pytest.mark.attack("an UPDATE, DELETE or TRUNCATE by the owner of the tables", "permission denied", cases=5)
@pytest.mark.parametrize("verb", ["UPDATE {table} SET {column} = NULL", "DELETE FROM {table}", "TRUNCATE {table}"])
def test_the_owner_may_not_change_what_is_frozen(owned: Engine, verb: str) -> None:
    for table in (dataset_rows, dataset_versions, dataset_errata, tombstones, erased_items):
        column = next(iter(table.columns)).name
        with pytest.raises(ProgrammingError, match=f"permission denied for table {table.name}"):
            changed(owned, verb.format(table=table.name, column=column))


def test_rows_may_leave_for_as_long_as_an_erasure_takes(owned: Engine) -> None:
    assert changed(owned) == []
    with writing(owned) as connection, protection.rows_may_leave(connection):
        connection.execute(text("DELETE FROM dataset_rows"))
    assert changed(owned) == []
    with pytest.raises(ProgrammingError, match="permission denied"), writing(owned) as connection:
        connection.execute(text("DELETE FROM dataset_rows"))
