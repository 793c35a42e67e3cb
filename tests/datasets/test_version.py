"""Freezing: what the contract promises of a version, on disk and in the database."""

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets import description as description_module
from tdcrawl.datasets import split_files
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.verify import verify_version
from tdcrawl.datasets.version import export, freeze
from tdcrawl.errors import DatasetError, StoreError
from tdcrawl.likeness import Likeness, Match
from tdcrawl.records.review import REVIEW
from tdcrawl.store import clusters
from tdcrawl.store.dataset_tables import dataset_rows, dataset_versions
from tdcrawl.store.engine import Engine, open_engine, writing
from tdcrawl.store.tables import outcomes
from tests.datasets.corpus import a_review, collect

SPLITS = ("train", "validation", "test")
V1 = FreezePlan("v1")


def content(directory: Path) -> dict[str, bytes]:
    """Read all files below a directory."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def manifest(directory: Path) -> Any:
    """Read the manifest of a version."""
    return json.loads((directory / "manifest.json").read_text(encoding="utf-8"))


def rows(directory: Path, split: str) -> list[dict[str, Any]]:
    """Read all rows of a split."""
    return [row for part in (directory / split).glob("*.parquet") for row in pq.read_table(part).to_pylist()]


def test_freeze_writes_the_files_of_the_contract(engine: Engine, tmp_path: Path) -> None:
    frozen = freeze(engine, FreezePlan("v1", formats=("parquet", "csv")), tmp_path / "to")
    files = content(tmp_path / "to" / "v1")
    parts = {f"{split}/part-00000.{kind}" for split in SPLITS for kind in ("parquet", "csv")}
    assert files.keys() == parts | {"manifest.json", "README.md", "balance.svg", "croissant.json"}
    told = manifest(tmp_path / "to" / "v1")
    for name, facts in told["files"].items():
        assert facts["sha256"] == hashlib.sha256(files[name]).hexdigest()
        assert facts["bytes"] == len(files[name])
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["v1"]
    assert told["rows"] == frozen.rows == sum(len(rows(tmp_path / "to" / "v1", split)) for split in SPLITS)
    assert told["parent_version"] is None


def test_freeze_gives_pandas_and_pyarrow_typed_columns(engine: Engine, tmp_path: Path) -> None:
    freeze(engine, V1, tmp_path)
    frame = pd.read_parquet(tmp_path / "v1" / "train")
    assert list(frame.columns) == list(REVIEW.columns)
    types = {"rating": "float64", "needs_review": "bool", "word_count": "int64", "scraped_at": "datetime64[us, UTC]"}
    types["reviewed_at"] = types["scraped_at"]
    assert {name: str(frame[name].dtype) for name in types} == types
    schema = pq.read_schema(tmp_path / "v1" / "test" / "part-00000.parquet")
    assert [str(schema.field(name).type) for name in ("language", "label_confidence")] == ["string", "double"]


def test_freeze_elsewhere_from_another_database_in_another_order_gives_the_same_bytes(
    engine: Engine, tmp_path: Path
) -> None:
    other = collect(f"sqlite:///{tmp_path}/other.db", [a_review(number) for number in reversed(range(200))])
    plan = FreezePlan("v1", formats=("parquet", "csv"))
    one, two = freeze(engine, plan, tmp_path / "one"), freeze(other, plan, tmp_path / "two")
    other.dispose()
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert one.manifest_sha256 == two.manifest_sha256


def test_freeze_balances_the_training_split_alone(engine: Engine, tmp_path: Path) -> None:
    frozen = freeze(engine, V1, tmp_path)
    labels = {split: Counter(row["label"] for row in rows(tmp_path / "v1", split)) for split in SPLITS}
    train = frozen.counts["train"]
    assert train["positive"]["before"] / sum(label["before"] for label in train.values()) > 0.6
    assert 0.55 < labels["train"]["positive"] / labels["train"].total() <= 0.6
    for split in SPLITS:
        assert labels[split] == {label: count["after"] for label, count in frozen.counts[split].items()}
    for split in ("validation", "test"):
        assert all(count["before"] == count["after"] for count in frozen.counts[split].values())


def test_freeze_when_balance_is_none_keeps_every_record(engine: Engine, tmp_path: Path) -> None:
    assert freeze(engine, FreezePlan("v1", balance=Balance.NONE), tmp_path).rows == 200


def test_freeze_keeps_each_product_in_one_split(engine: Engine, tmp_path: Path) -> None:
    freeze(engine, FreezePlan("v1", split=(50, 25, 25)), tmp_path)
    products = [{row["product_id"] for row in rows(tmp_path / "v1", split)} for split in SPLITS]
    assert all(products)
    assert len(set.union(*products)) == sum(len(found) for found in products)


def test_freeze_keeps_a_contrast_pair_of_two_products_in_one_split(database_url: str, tmp_path: Path) -> None:
    items = [a_review(number) for number in range(200)]
    engine = collect(database_url, items)
    with writing(engine) as connection:
        for one, other in zip(items[:15], items[15:30], strict=True):
            clusters.pair_up(connection, one.item_id, [Match(other.item_id, Likeness.CONTRAST, 0.9)], "run-1")
    freeze(engine, FreezePlan("v1", balance=Balance.NONE, split=(34, 33, 33)), tmp_path)
    engine.dispose()
    split_of = {row["product_id"]: split for split in SPLITS for row in rows(tmp_path / "v1", split)}
    assert [split_of[f"product {number}"] for number in range(15)] == [
        split_of[f"product {number}"] for number in range(15, 30)
    ]


def test_freeze_of_a_second_version_keeps_the_test_split_in_place(database_url: str, tmp_path: Path) -> None:
    engine = collect(database_url, [a_review(number) for number in range(150)])
    freeze(engine, V1, tmp_path)
    engine.dispose()
    engine = collect(database_url, [a_review(number) for number in range(200)])
    freeze(engine, FreezePlan("v2"), tmp_path)
    engine.dispose()
    ids = {name: {row["record_id"] for row in rows(tmp_path / name, "test")} for name in ("v1", "v2")}
    assert ids["v1"] < ids["v2"]
    assert manifest(tmp_path / "v2")["parent_version"] == "v1"


def test_freeze_when_the_version_is_there(engine: Engine, tmp_path: Path) -> None:
    freeze(engine, V1, tmp_path)
    before = content(tmp_path / "v1")
    with pytest.raises(DatasetError, match="v1 is frozen and never changes; freeze v2"):
        freeze(engine, V1, tmp_path / "elsewhere")
    assert content(tmp_path / "v1") == before


def test_freeze_when_it_was_cut_off_before_the_rename_finishes_it(engine: Engine, tmp_path: Path) -> None:
    frozen = freeze(engine, V1, tmp_path)
    before = content(tmp_path / "v1")
    shutil.rmtree(tmp_path / "v1")
    assert freeze(engine, FreezePlan("v1", balance=Balance.NONE), tmp_path) == frozen
    assert content(tmp_path / "v1") == before


def test_freeze_when_its_files_are_lost_writes_them_where_they_were(engine: Engine, tmp_path: Path) -> None:
    frozen = freeze(engine, V1, tmp_path / "asked")
    shutil.rmtree(tmp_path / "asked")
    with pytest.raises(
        DatasetError, match=f"v1 was frozen to {tmp_path / 'asked' / 'v1'}, where its files are missing"
    ):
        freeze(engine, V1, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    assert freeze(engine, V1, tmp_path / "usual", named=False) == frozen
    assert verify_version(engine, "v1") == []
    shutil.rmtree(tmp_path / "asked")
    assert freeze(engine, V1, tmp_path / "usual" / ".." / "asked") == frozen


def test_export_writes_the_same_bytes_elsewhere(engine: Engine, tmp_path: Path) -> None:
    freeze(engine, V1, tmp_path)
    assert export(engine, "v1", tmp_path / "copy").location == str(tmp_path / "copy" / "v1")
    assert content(tmp_path / "copy" / "v1") == content(tmp_path / "v1")


def test_export_when_the_bytes_would_differ_leaves_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze(engine, V1, tmp_path)
    monkeypatch.setattr(split_files, "ROWS_A_GROUP", 50)
    monkeypatch.setattr(split_files, "_ROWS_A_PART", 50)
    with pytest.raises(DatasetError, match=r"v1 cannot be written as it was: .*written by pyarrow"):
        export(engine, "v1", tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []


def test_export_when_the_version_was_never_frozen(engine: Engine, tmp_path: Path) -> None:
    freeze(engine, V1, tmp_path)
    with pytest.raises(DatasetError, match="v2 was never frozen; frozen versions: v1"):
        export(engine, "v2", tmp_path)


def test_freeze_when_there_are_more_rows_than_a_part_holds(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split_files, "ROWS_A_GROUP", 50)
    monkeypatch.setattr(split_files, "_ROWS_A_PART", 50)
    frozen = freeze(engine, FreezePlan("v1", balance=Balance.NONE, split=(100, 0, 0)), tmp_path)
    files = manifest(tmp_path / "v1")["files"]
    assert [files[f"train/part-0000{part}.parquet"]["rows"] for part in range(4)] == [50, 50, 50, 50]
    assert (files["test/part-00000.parquet"]["rows"], frozen.rows) == (0, 200)
    assert "The test split is empty" in (tmp_path / "v1" / "README.md").read_text(encoding="utf-8")


def test_freeze_when_there_are_too_many_rows_for_csv(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(description_module, "MAX_CSV_ROWS", 100)
    with pytest.raises(DatasetError, match=r"rows are too many for CSV \(below 100\)"):
        freeze(engine, FreezePlan("v1", formats=("csv",)), tmp_path / "to")


def test_freeze_when_nothing_was_collected(database_url: str, tmp_path: Path) -> None:
    engine = open_engine(database_url)
    with pytest.raises(DatasetError, match="there are no review records to freeze: nothing was collected yet"):
        freeze(engine, V1, tmp_path)
    engine.dispose()


def test_freeze_when_the_ledger_is_broken(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(delete(outcomes).where(outcomes.c.item_id == a_review(0).item_id))
    with pytest.raises(
        DatasetError, match=r"the ledger does not balance .* 1 rows of records .* --accept broken_ledger"
    ):
        freeze(engine, V1, tmp_path)


@pytest.mark.parametrize(
    ("plan", "error", "said"),
    [
        (FreezePlan("v1", max_share=0.3), DatasetError, "nothing can be held to 30%"),
        (FreezePlan("v7"), StoreError, "v7 is in the way"),
    ],
)
def test_freeze_when_refused_leaves_nothing(
    engine: Engine, tmp_path: Path, plan: FreezePlan, error: type[Exception], said: str
) -> None:
    (tmp_path / "to" / "v7").mkdir(parents=True)
    with pytest.raises(error, match=said):
        freeze(engine, plan, tmp_path / "to")
    assert [path.name for path in (tmp_path / "to").rglob("*")] == ["v7"]
    with engine.connect() as connection:
        assert connection.execute(select(dataset_rows)).all() == []
        assert connection.execute(select(dataset_versions)).all() == []


def test_the_view_shows_typed_rows(engine: Engine, tmp_path: Path) -> None:
    frozen = freeze(engine, V1, tmp_path)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT * FROM training_data_v1 WHERE rating > 4.6")).all()
        total = connection.scalar(text("SELECT count(*) FROM training_data_v1"))
    assert total == frozen.rows
    assert {row.rating for row in found} == {5.0, 4.666666666666667}
    assert {type(row.word_count) for row in found} == {int}
    assert {(row.language, bool(row.needs_review)) for row in found} == {(None, False)}
    assert {str(row.reviewed_at)[:10] for row in found if row.reviewed_at} >= {"2026-01-01", "2026-01-02"}


@pytest.mark.parametrize("change", [update(dataset_rows).values(split="test"), delete(dataset_versions)])
def test_the_database_refuses_to_change_a_version(engine: Engine, tmp_path: Path, change: Any) -> None:
    freeze(engine, V1, tmp_path)
    with pytest.raises(DBAPIError, match="a frozen dataset version never changes"), engine.begin() as connection:
        connection.execute(change)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"version": "1"}, "'1' names no version"),
        ({"version": "v01"}, "'v01' names no version"),
        ({"version": "v1; DROP TABLE records"}, "names no version"),
        ({"record_type": "reviews"}, "unknown record type 'reviews'; known: review"),
        ({"max_share": 60.0}, "--max-share 60: a share"),
        ({"split": (80, 10, 20)}, "--split 80/10/20"),
        ({"split": (90, 10, 0)}, "--split 90/10/0: where training rows are balanced, a test split must show"),
        ({"balance_by": "stars"}, "--balance-by stars: no such column to balance by; there are author_hash, "),
        ({"max_failed_share": 0.0}, "--max-failed-share 0: a share"),
        ({"accept": ("leaks", "all")}, "--accept all: known are broken_ledger, open_failures, opt_outs, leaks"),
        ({"split": (120, -10, -10)}, "--split 120/-10/-10"),
        ({"formats": ("parquet", "xlsx")}, "--format xlsx: known are parquet, csv"),
    ],
)
def test_a_plan_that_cannot_be(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        FreezePlan(**{"version": "v1", **wrong})
