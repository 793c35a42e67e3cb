"""Frozen rows in the database: in one order whatever the database would find easier."""

from datetime import UTC, datetime

from sqlalchemy import text

from tdcrawl.records.base import digest
from tdcrawl.records.columns import ColumnType
from tdcrawl.store import versions
from tdcrawl.store.engine import open_engine
from tdcrawl.store.versions import Version

COLUMNS = {"record_id": ColumnType.TEXT, "split": ColumnType.TEXT}


def test_frozen_rows_come_by_record_id_when_no_index_is_used(postgresql_database: str) -> None:
    engine = open_engine(postgresql_database)
    rows = [{"record_id": digest(str(number)), "split": "train"} for number in range(50)]
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL enable_indexscan = off"))
        connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        versions.add_rows(connection, "v1", rows)
        found = list(versions.frozen_rows(connection, "v1", COLUMNS, "train"))
    engine.dispose()
    assert found == sorted(rows, key=lambda row: row["record_id"])


def test_versions_come_by_number(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        for name in ("v10", "v2", "v9"):
            versions.seal(connection, Version(name, "review", datetime.now(UTC), {}, 0, "", "", ""), COLUMNS)
        assert [version.name for version in versions.versions(connection)] == ["v2", "v9", "v10"]
        assert versions.find_version(connection, "v1") is None
    engine.dispose()
