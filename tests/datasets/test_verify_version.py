"""Verifying a version: whatever changes in its files, rows, view or protection is found and named."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, text, update

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.verify import verify_version
from tdcrawl.datasets.version import export, freeze
from tdcrawl.store import versions
from tdcrawl.store.dataset_tables import dataset_rows, dataset_versions
from tdcrawl.store.engine import Engine
from tests.datasets.corpus import a_review, collect

PARTS = [f"{split}/part-00000.{kind}" for split in ("train", "validation", "test") for kind in ("parquet", "csv")]
GUARDS = {
    "sqlite": {"dataset_rows": "frozen_dataset_rows_update", "dataset_versions": "frozen_dataset_versions_update"},
    "postgresql": {"dataset_rows": "frozen_dataset_rows", "dataset_versions": "frozen_dataset_versions"},
}
SHOWS_OTHERS = "the view training_data_v1 does not show the rows that were frozen"


@pytest.fixture
def version(engine: Engine, tmp_path: Path) -> Path:
    """Freeze v1 with CSV and give its directory."""
    return Path(freeze(engine, FreezePlan("v1", formats=("parquet", "csv")), tmp_path).location)


def unguard(engine: Engine, table: str) -> str:
    """Drop the trigger that refuses changes to a table; returns its name."""
    trigger = GUARDS[engine.dialect.name][table]
    of_table = f" ON {table}" if engine.dialect.name == "postgresql" else ""
    with engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {trigger}{of_table}"))
    return trigger


@pytest.mark.usefixtures("version")
def test_verify_when_nothing_has_changed(engine: Engine, tmp_path: Path) -> None:
    assert verify_version(engine, "v1") == []
    copy = export(engine, "v1", tmp_path / "copy").location
    assert verify_version(engine, "v1", Path(copy)) == []


@pytest.mark.attack("one changed byte in any file of a version", "found by verify", cases=len(PARTS) + 4)
def test_verify_when_one_byte_of_any_file_has_changed(engine: Engine, version: Path) -> None:
    for name in (*PARTS, "README.md", "balance.svg", "croissant.json", "manifest.json"):
        frozen = (version / name).read_bytes()
        middle = len(frozen) // 2
        (version / name).write_bytes(frozen[:middle] + bytes([frozen[middle] ^ 1]) + frozen[middle + 1 :])
        assert verify_version(engine, "v1") == [f"{version / name} has changed"]
        (version / name).write_bytes(frozen)
    assert verify_version(engine, "v1") == []


def test_verify_when_files_are_missing_or_extra(engine: Engine, version: Path) -> None:
    (version / "README.md").rename(version / "train" / "notes.txt")
    assert verify_version(engine, "v1") == [
        f"{version / 'train' / 'notes.txt'} does not belong to the version",
        f"{version / 'README.md'} is missing",
    ]
    (version / "manifest.json").unlink()
    assert verify_version(engine, "v1") == [f"{version / 'manifest.json'} is missing"]


@pytest.mark.usefixtures("version")
def test_verify_when_a_row_was_changed_behind_the_trigger(engine: Engine) -> None:
    trigger = unguard(engine, "dataset_rows")
    with engine.begin() as connection:
        data = connection.execute(dataset_rows.select().limit(1)).one().data | {"label": "neutral", "rating": 2.5}
        change = update(dataset_rows).where(dataset_rows.c.record_id == data["record_id"])
        connection.execute(change.values(data=data))
    assert verify_version(engine, "v1") == [
        "the rows of v1 in dataset_rows have changed",
        f"the trigger {trigger} is gone or disabled",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"split": "test"},
        {"record_id": func.substr(dataset_rows.c.record_id, 1, 31)},
    ],
)
def test_verify_when_columns_no_longer_say_what_their_rows_say(
    engine: Engine, tmp_path: Path, change: dict[str, Any]
) -> None:
    freeze(engine, FreezePlan("v1", split=(100, 0, 0), balance=Balance.NONE), tmp_path)
    unguard(engine, "dataset_rows")
    with engine.begin() as connection:
        connection.execute(update(dataset_rows).values(**change))
    assert "the rows of v1 in dataset_rows have changed" in verify_version(engine, "v1")


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize("split", ["train", "elsewhere"])
def test_verify_when_a_row_was_added_behind_the_trigger(engine: Engine, split: str) -> None:
    trigger = "frozen_dataset_rows_insert"
    of_table = " ON dataset_rows" if engine.dialect.name == "postgresql" else ""
    with engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {trigger}{of_table}"))
        versions.add_rows(connection, "v1", [{"record_id": "f" * 32, "split": split}])
    assert verify_version(engine, "v1") == [
        "the rows of v1 in dataset_rows have changed",
        f"the trigger {trigger} is gone or disabled",
    ]


def test_verify_when_an_id_goes_on_as_its_row_does(tmp_path: Path) -> None:
    # PostgreSQL has no room for it.
    engine = collect(f"sqlite:///{tmp_path}/one.db", [a_review(number) for number in range(20)])
    freeze(engine, FreezePlan("v1", balance=Balance.NONE), tmp_path)
    unguard(engine, "dataset_rows")
    said = dataset_rows.c.data["text"].as_string()
    with engine.begin() as connection:
        connection.execute(update(dataset_rows).values(record_id=dataset_rows.c.record_id.concat('","text":"' + said)))
    assert "the rows of v1 in dataset_rows have changed" in verify_version(engine, "v1")
    engine.dispose()


@pytest.mark.usefixtures("version")
def test_verify_when_the_version_row_was_changed(engine: Engine) -> None:
    trigger = unguard(engine, "dataset_versions")
    with engine.begin() as connection:
        parameters = connection.execute(dataset_versions.select()).one().parameters | {"code_version": "9.9.9"}
        connection.execute(update(dataset_versions).values(parameters=parameters, row_count=1))
    assert verify_version(engine, "v1") == [
        "dataset_versions and the manifest differ in rows",
        "dataset_versions and the manifest differ in code_version",
        f"the trigger {trigger} is gone or disabled",
    ]


@pytest.mark.attack("a view of a frozen version that shows something else", "found by verify")
@pytest.mark.usefixtures("version")
@pytest.mark.parametrize(
    ("replacement", "problem"),
    [
        (None, "the view training_data_v1 is missing"),
        ("SELECT record_id, split FROM dataset_rows", "the view training_data_v1 has other columns"),
        ("SELECT * FROM original WHERE rating < 5", SHOWS_OTHERS),
        ("SELECT * FROM original", SHOWS_OTHERS),
    ],
)
def test_verify_when_the_view_is_another(engine: Engine, replacement: str | None, problem: str) -> None:
    with engine.begin() as connection:
        if replacement:
            connection.execute(text("CREATE TABLE original AS SELECT * FROM training_data_v1"))
        connection.execute(text("DROP VIEW training_data_v1"))
        if replacement:
            connection.execute(text(f"CREATE VIEW training_data_v1 AS {replacement}"))
    assert verify_version(engine, "v1") == [problem]


def test_verify_when_more_was_collected_since(engine: Engine, version: Path, database_url: str) -> None:
    collect(database_url, [a_review(number) for number in range(200, 220)]).dispose()
    assert verify_version(engine, "v1") == []
    assert json.loads((version / "manifest.json").read_text())["rows"] < 200
