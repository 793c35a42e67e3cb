"""The way into the database: one schema on both, by migrations; what is wrong is said without the password."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text

from tdcrawl.errors import SettingError, StoreError
from tdcrawl.store import dataset_tables, erasure_tables, label_tables, permission_tables, worker_tables  # noqa: F401 - the schema is all of them
from tdcrawl.store.engine import open_engine, writing
from tdcrawl.store.sqlite import compact
from tdcrawl.store.tables import metadata, runs


def test_migrations_build_the_tables_that_the_code_describes(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_open_when_the_schema_is_there_already(empty_database_url: str) -> None:
    open_engine(empty_database_url).dispose()
    engine = open_engine(empty_database_url)
    with engine.connect() as connection:
        assert connection.execute(select(runs)).all() == []
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "is no database URL"),
        ("mysql://user@host/name", "'mysql' is not supported"),
        ("sqlite://", "SQLite needs a file"),
    ],
)
def test_open_when_the_url_is_wrong(url: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        open_engine(url)


@pytest.mark.attack("a password that a database URL does not quote", "refused, and not told")
@pytest.mark.parametrize(
    "place", ["user:open-sesame:5432", "user:open@sesame@127.0.0.1:1", "user:open/sesame:1@host:x"]
)
def test_open_when_a_password_is_not_quoted(place: str) -> None:
    with pytest.raises(SettingError, match="in a password write @ as %40") as caught:
        open_engine(f"postgresql://{place}/reviews")
    assert (caught.value.__cause__, "sesame" in str(caught.value)) == (None, False)


def test_open_when_the_server_is_unreachable() -> None:
    with pytest.raises(StoreError) as caught:
        open_engine("postgresql://user:secret@127.0.0.1:1/reviews")
    assert "cannot use the database postgresql+psycopg://user:***@127.0.0.1:1/reviews" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_open_when_the_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("not a database, by far, whatever its name may say " * 20)
    with pytest.raises(StoreError, match="file is not a database"):
        open_engine(f"sqlite:///{tmp_path / 'notes.db'}")


def test_writing_keeps_other_writers_out(database_url: str) -> None:
    engine = open_engine(database_url)
    attempt = (
        "SELECT pg_try_advisory_xact_lock(32192)" if engine.dialect.name == "postgresql" else "PRAGMA busy_timeout = 0"
    )
    with writing(engine), engine.connect() as other:
        refused = other.execute(text(attempt)).scalar()
        if engine.dialect.name == "sqlite":
            with pytest.raises(Exception, match="database is locked"):
                other.exec_driver_sql("DELETE FROM runs")
        else:
            assert refused is False
    engine.dispose()


def test_compact_leaves_nothing_that_was_deleted(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'c.db'}")
    with engine.begin() as connection:
        # As most SQLite libraries are built; some overwrite what they delete.
        connection.execute(text("PRAGMA secure_delete = OFF"))
        connection.execute(text("CREATE TABLE notes AS SELECT 'a secret' AS note"))
        connection.execute(text("DELETE FROM notes"))
    files = [tmp_path / "c.db", tmp_path / "c.db-wal"]
    assert any(b"a secret" in file.read_bytes() for file in files)
    assert compact(engine)
    assert not any(b"a secret" in file.read_bytes() for file in files)
    engine.dispose()


def test_compact_says_that_somebody_reads_the_log(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'c.db'}")
    other = open_engine(f"sqlite:///{tmp_path / 'c.db'}")
    with other.connect() as reader:
        reader.execute(text("SELECT * FROM runs")).all()
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM runs"))
            connection.execute(text("PRAGMA busy_timeout = 0"))
        assert not compact(engine)
    assert compact(engine)
    for each in (engine, other):
        each.dispose()
