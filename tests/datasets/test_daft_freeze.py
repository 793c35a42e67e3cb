"""Freezing on Daft: the same rows, files and manifest as in this process."""

from pathlib import Path

import pytest

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.engines import ENGINES, choose_freezing
from tdcrawl.datasets.plan import Authors, FreezePlan
from tdcrawl.datasets.version import freeze
from tdcrawl.errors import DatasetError
from tdcrawl.store import clusters
from tdcrawl.store.engine import Engine, open_engine
from tests.datasets.corpus import a_review, collect


def content(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


PLANS = [
    FreezePlan("v1"),
    FreezePlan("v1", balance=Balance.OVERSAMPLE, max_share=0.4, formats=("parquet", "csv")),
    FreezePlan("v1", balance=Balance.WEIGHTS, balance_by="rating", max_share=0.3),
    FreezePlan("v1", balance=Balance.UNDERSAMPLE, balance_by="product_id", max_share=0.04, authors=Authors.SPLIT),
    FreezePlan("v1", balance=Balance.NONE, split=(50, 0, 50), salt="s"),
]


@pytest.mark.parametrize("plan", PLANS)
def test_one(tmp_path: Path, plan: FreezePlan) -> None:
    for name in ENGINES:
        engine = collect(f"sqlite:///{tmp_path}/{name}.db", [a_review(number) for number in range(200)])
        freeze(engine, plan, tmp_path / name, choose_freezing(name, ""))
        engine.dispose()
    assert content(tmp_path / "local") == content(tmp_path / "daft")
