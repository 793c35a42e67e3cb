"""What documents, card and demo say of loading a version is true, whatever formats it was frozen in."""

import json
import re
import runpy
from datetime import UTC
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.version import freeze
from tdcrawl.demo import journey
from tdcrawl.store.engine import Engine
from tests.datasets.corpus import a_review, collect

PROJECT = Path(__file__).parents[2]
FENCE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TORCH = "torch"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Collect 60 reviews: what is loaded are files, so one kind of database will do."""
    return collect(f"sqlite:///{tmp_path / 'tdcrawl.db'}", [a_review(number) for number in range(60)])


@pytest.fixture(params=[("parquet",), ("parquet", "csv")], ids=",".join)
def version(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """Freeze v1, also to where the demo would, and go to the folder it is in; the version's."""
    freeze(engine, FreezePlan("v1", formats=request.param), tmp_path)
    engine.dispose()
    demo = tmp_path / journey.DATA_DIR / "datasets"
    demo.mkdir(parents=True)
    (demo / "v1").symlink_to(tmp_path / "v1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", value=True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "v1"


def in_card(version: Path) -> list[str]:
    """Collect each piece of code in the card."""
    return FENCE.findall((version / "README.md").read_text(encoding="utf-8"))


def elsewhere() -> list[str]:
    """Collect each piece of code in documents that loads a training split."""
    pages = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
    return [code for page in pages for code in FENCE.findall(page.read_text(encoding="utf-8")) if "train" in code]


def run(code: str) -> dict[str, Any]:
    """Run code as a file of its own; what it has defined."""
    Path("load.py").write_text(code, encoding="utf-8")
    return runpy.run_path("load.py")


def rows_in(version: Path) -> int:
    """Read how many rows the training split has."""
    files = json.loads((version / "manifest.json").read_text())["files"]
    return int(files["train/part-00000.parquet"]["rows"])


def test_training_split_is_loaded_whole_when_done_as_told(version: Path) -> None:
    told = [code for code in (*in_card(version), *elsewhere()) if TORCH not in code]
    assert len(told) == 6
    for code in told:
        assert len(run(code)["train"]) == rows_in(version), code


def test_card_loads_typed_columns_with_each_library(version: Path) -> None:
    frame, table, polar, hugging, _ = in_card(version)
    names = ["text", "rating", "needs_review", "word_count", "scraped_at", "reviewed_at"]
    as_pandas: pd.DataFrame = run(frame)["train"]
    assert [str(as_pandas[name].dtype) for name in names] == [
        "str", "float64", "bool", "int64", "datetime64[us, UTC]", "datetime64[us, UTC]"
    ]  # fmt: skip
    as_arrow: Any = run(table)["train"]
    moment = pa.timestamp("us", tz="UTC")
    types = [pa.string(), pa.float64(), pa.bool_(), pa.int64(), moment, moment]
    assert [as_arrow.schema.field(name).type for name in names] == types
    as_polars: pl.DataFrame = run(polar)["train"]
    time = pl.Datetime("us", "UTC")
    assert [as_polars.schema[name] for name in names] == [pl.String, pl.Float64, pl.Boolean, pl.Int64, time, time]
    as_datasets: Any = run(hugging)["train"]
    assert [as_datasets.features[name].dtype for name in names] == [
        "string", "float64", "bool", "int64", "timestamp[us, tz=UTC]", "timestamp[us, tz=UTC]"
    ]  # fmt: skip
    assert set(as_datasets["record_id"]) == set(as_polars["record_id"]) == set(as_pandas["record_id"])


def test_card_loads_batches_for_pytorch(version: Path) -> None:
    # Not among the requirements: what the package index has for Linux brings 3 GB for graphics cards.
    pytest.importorskip(TORCH)
    (code,) = (code for code in in_card(version) if TORCH in code)
    batches = list(run(code)["batches"])
    rows = [row for batch in batches for row in batch]
    assert max(map(len, batches)) == 32
    assert len({row["record_id"] for row in rows}) == len(rows) == rows_in(version)
    assert {type(row["rating"]) for row in rows} == {float}
    assert {row["scraped_at"].utcoffset() for row in rows} == {UTC.utcoffset(None)}


def test_datasets_loads_all_splits_that_have_rows(engine: Engine, tmp_path: Path) -> None:
    for version, split, loads in (
        ("v1", (80, 10, 10), {"train", "validation", "test"}),
        ("v2", (100, 0, 0), {"train"}),
    ):
        freeze(engine, FreezePlan(version, split=split, balance=Balance.NONE), tmp_path)
        loaded = datasets.load_dataset(str(tmp_path / version), cache_dir=str(tmp_path / "cache"))
        assert loaded.keys() == loads
        assert len(loaded["train"]) == rows_in(tmp_path / version)
    engine.dispose()
