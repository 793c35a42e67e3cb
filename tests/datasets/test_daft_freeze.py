"""Freezing on Daft: the same rows, files and manifest as in this process."""

import random
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets import split_files
from tdcrawl.datasets.engines import ENGINES, choose_freezing
from tdcrawl.datasets.plan import Authors, FreezePlan
from tdcrawl.datasets.version import freeze
from tdcrawl.errors import DatasetError, TdcrawlError
from tdcrawl.records.base import TrainingItem
from tdcrawl.store import parquet, selection
from tdcrawl.store.engine import Engine, open_engine, writing
from tdcrawl.store.tables import records
from tests.datasets.corpus import a_review, collect
from tests.datasets.test_smote import PLAN as SMOTE
from tests.datasets.test_smote import a_posting
from tests.datasets.test_version import content, manifest

CSV = ("parquet", "csv")
PLANS = [
    FreezePlan("v1", formats=CSV),
    FreezePlan("v1", balance=Balance.OVERSAMPLE, max_share=0.4, formats=CSV),
    FreezePlan("v1", balance=Balance.WEIGHTS, balance_by="rating", max_share=0.3),
    FreezePlan("v1", balance_by="language", max_share=1, authors=Authors.TOGETHER),
    FreezePlan("v1", balance=Balance.OVERSAMPLE, balance_by="product_id", max_share=0.05, salt="s", seed="t"),
    FreezePlan("v1", balance=Balance.NONE, split=(50, 0, 50)),
]


def frozen_by_each(database: Path, folder: Path, plan: FreezePlan) -> Mapping[str, dict[str, bytes] | str]:
    """Freeze copies of a database by each engine; gives the files, or why there are none."""
    found: dict[str, dict[str, bytes] | str] = {}
    for name in ENGINES:
        copy = Path(shutil.copy(database, folder / f"{name}.db"))
        engine = open_engine(f"sqlite:///{copy}")
        try:
            freeze(engine, plan, folder / name, choose_freezing(name, ""))
            found[name] = content(folder / name)
        except DatasetError as error:
            found[name] = str(error)
        engine.dispose()
    return found


def collected(database: Path, items: list[TrainingItem]) -> Path:
    """Write items into a database that can be copied."""
    engine = collect(f"sqlite:///{database}", items)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return database


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.balance}-{plan.balance_by}")
def test_daft_freezes_the_same_bytes(tmp_path: Path, plan: FreezePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    # Several parts and groups.
    for module in (split_files, parquet):
        monkeypatch.setattr(module, "ROWS_A_GROUP", 20)
    monkeypatch.setattr(split_files, "_ROWS_A_PART", 40)
    found = frozen_by_each(collected(tmp_path / "a.db", [a_review(number) for number in range(200)]), tmp_path, plan)
    assert "v1/train/part-00001.parquet" in found["local"]
    assert found["daft"] == found["local"]


@pytest.mark.parametrize("balance", list(Balance)[:4])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_daft_ties_and_draws_as_this_process_does(
    tmp_path: Path, seed: int, balance: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several stretches, the rows of the last in a turn of their own.
    monkeypatch.setattr(selection, "_UNREAD_AT_ONCE", 17)
    chance, ids = random.Random(seed), [a_review(number).item_id for number in range(150)]  # noqa: S311 - not secret
    database = collected(tmp_path / "a.db", [a_review(number) for number in range(150)])
    engine = open_engine(f"sqlite:///{database}")
    with writing(engine) as connection:
        for record_id in ids:
            mine = records.c.record_id == record_id
            data = connection.execute(select(records.c.data).where(mine)).scalar_one()
            connection.execute(update(records).where(mine).values(a_life(chance, data)))
    engine.dispose()
    accepted = ("broken_ledger", "leaks")
    plan = FreezePlan("v1", balance=balance, max_share=0.4, authors=Authors.TOGETHER, accept=accepted)
    found = frozen_by_each(database, tmp_path, plan)
    assert "v1/manifest.json" in found["local"]
    assert found["daft"] == found["local"]


def a_life(chance: random.Random, data: dict[str, Any]) -> dict[str, Any]:
    """Say of which product, site and cluster a review is, and who wrote it, if anybody did: some do so on two sites."""
    product = f"é{chance.randrange(80)}"
    author = chance.choice([None, *map(str, range(200))])
    return {
        "site": chance.choice("äb"), "group_key": product, "cluster_id": f"cluster {chance.randrange(400)}",
        "data": {**data, "product_id": product, "author_hash": author},
    }  # fmt: skip


def test_daft_when_authors_tie_too_much_says_so_as_this_process_does(tmp_path: Path) -> None:
    items = [a_review(number) for number in range(60)]
    for item in items:
        assert item.record is not None
        item.record = item.record.model_copy(update={"author_hash": "busy"})
    found = frozen_by_each(collected(tmp_path / "a.db", items), tmp_path, FreezePlan("v1", authors=Authors.TOGETHER))
    assert "60 of 60 records hang together" in found["local"]
    assert found["daft"] == found["local"]


def test_daft_makes_up_the_same_rows(tmp_path: Path) -> None:
    found = frozen_by_each(collected(tmp_path / "a.db", [a_posting(number) for number in range(150)]), tmp_path, SMOTE)
    assert "v1/smote/train.parquet" in found["local"]
    assert found["daft"] == found["local"]


def test_daft_remembers_the_version_before(engine: Engine, tmp_path: Path) -> None:
    plan = FreezePlan("v2", salt="another")
    freeze(engine, FreezePlan("v1"), tmp_path / "local")
    freeze(engine, plan, tmp_path / "daft", choose_freezing("daft", ""))
    assert manifest(tmp_path / "daft" / "v2")["parent_version"] == "v1"
    freeze(engine, replace(plan, version="v3"), tmp_path / "local")
    digests = [manifest(tmp_path / where)["rows_sha256"] for where in ("daft/v2", "local/v3", "local/v1")]
    assert len(set(digests)) == 1
    assert {path.name for path in (tmp_path / "daft").iterdir()} == {"v2"}


def test_daft_when_there_is_nothing_to_freeze(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/a.db")
    with pytest.raises(DatasetError, match="there are no review records to freeze"):
        freeze(engine, FreezePlan("v1", balance=Balance.NONE), tmp_path, choose_freezing("daft", ""))
    engine.dispose()
    assert not list(tmp_path.glob("*v1*"))


def test_freezing_when_daft_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdcrawl.datasets.engines.find_spec", lambda _: None)
    with pytest.raises(TdcrawlError, match="pip install daft ray") as caught:
        choose_freezing("daft", "")
    assert caught.value.exit_status == 2
