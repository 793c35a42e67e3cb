"""Balancing of a frozen training split, seen in its files: what is left out, repeated or weighed, and by what."""

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.verify import verify_version
from tdcrawl.datasets.version import export, freeze
from tdcrawl.store.engine import Engine
from tests.datasets.test_version import content, manifest, rows


def shares(weights: Counter[str]) -> dict[str, float]:
    return {name: weight / sum(weights.values()) for name, weight in weights.items()}


def test_oversampling_repeats_by_an_index_and_adds_no_row(engine: Engine, tmp_path: Path) -> None:
    plain = freeze(engine, FreezePlan("v1", balance=Balance.NONE), tmp_path)
    frozen = freeze(engine, FreezePlan("v2", balance=Balance.OVERSAMPLE, max_share=0.5), tmp_path)
    assert frozen.rows == plain.rows == 200
    train = rows(tmp_path / "v2", "train")
    index = pq.read_table(tmp_path / "v2" / "index" / "train.parquet")["row"].to_pylist()
    assert Counter(index) == {place: row["sample_weight"] for place, row in enumerate(train)}
    repeated = Counter(train[place]["label"] for place in index)
    assert {label: count["after"] for label, count in frozen.counts["train"].items()} == repeated
    assert max(shares(repeated).values()) <= 0.5
    assert manifest(tmp_path / "v2")["files"]["index/train.parquet"]["rows"] == len(index)
    assert {row["sample_weight"] for row in rows(tmp_path / "v2", "test")} == {1.0}
    assert verify_version(engine, "v2") == []
    export(engine, "v2", tmp_path / "copy")
    assert content(tmp_path / "copy" / "v2") == content(tmp_path / "v2")


def test_weights_keep_every_row_and_their_sum(engine: Engine, tmp_path: Path) -> None:
    frozen = freeze(engine, FreezePlan("v1", balance=Balance.WEIGHTS, max_share=0.4), tmp_path)
    train = rows(tmp_path / "v1", "train")
    weighed: Counter[str] = Counter()
    for row in train:
        weighed[row["label"]] += row["sample_weight"]
    assert sum(weighed.values()) == pytest.approx(len(train))
    assert max(shares(weighed).values()) == pytest.approx(0.4, abs=0.002)
    assert len(train) == sum(count["before"] for count in frozen.counts["train"].values())


def test_any_column_can_be_balanced(engine: Engine, tmp_path: Path) -> None:
    plan = FreezePlan("v1", balance_by="rating", max_share=0.3)
    freeze(engine, plan, tmp_path)
    ratings = Counter(str(row["rating"]) for row in rows(tmp_path / "v1", "train"))
    assert max(shares(ratings).values()) <= 0.3
    told = manifest(tmp_path / "v1")
    assert {value: count["after"] for value, count in told["balanced"].items()} == ratings
    labels = Counter(row["label"] for row in rows(tmp_path / "v1", "train"))
    assert {label: count["after"] for label, count in told["counts"]["train"].items()} == labels


def test_another_seed_draws_others_into_the_same_split(engine: Engine, tmp_path: Path) -> None:
    def ids(name: str, split: str) -> set[str]:
        return {row["record_id"] for row in rows(tmp_path / name, split)}

    freeze(engine, FreezePlan("v1"), tmp_path)
    freeze(engine, FreezePlan("v2", seed="another"), tmp_path)
    assert len(ids("v1", "train")) == len(ids("v2", "train"))
    assert ids("v1", "train") != ids("v2", "train")
    assert ids("v1", "test") == ids("v2", "test")
