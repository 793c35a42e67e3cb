"""What documents, card and demo say of loading a version is true, whatever formats it was frozen in."""

import json
import re
import runpy
from pathlib import Path
from textwrap import dedent

import pytest

from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.version import freeze
from tdcrawl.demo import journey
from tdcrawl.store.engine import Engine
from tests.datasets.corpus import a_review, collect

PROJECT = Path(__file__).parents[2]
FENCE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Collect 60 reviews: what is loaded are files, so one kind of database will do."""
    return collect(f"sqlite:///{tmp_path / 'tdcrawl.db'}", [a_review(number) for number in range(60)])


def snippets(card: Path) -> list[str]:
    """Collect each piece of code that loads a training split."""
    fenced = [code for page in (*pages(), card) for code in FENCE.findall(page.read_text(encoding="utf-8"))]
    printed = journey._NEXT.format(data=journey.DATA_DIR, failed="…").partition("Load it:\n")[2]
    return [code for code in (*fenced, dedent(printed.partition("\n\n")[0])) if "train" in code]


def pages() -> list[Path]:
    """List the documents."""
    return [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("formats", [("parquet",), ("parquet", "csv")], ids=",".join)
def test_training_split_is_loaded_whole_when_done_as_told(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, formats: tuple[str, ...]
) -> None:
    version = tmp_path / "v1"
    freeze(engine, FreezePlan("v1", formats=formats), tmp_path)
    demo = tmp_path / journey.DATA_DIR / "datasets"
    demo.mkdir(parents=True)
    (demo / "v1").symlink_to(version)
    monkeypatch.chdir(tmp_path)
    rows = json.loads((version / "manifest.json").read_text())["files"]["train/part-00000.parquet"]["rows"]
    told = snippets(version / "README.md")
    assert len(told) == 4
    for code in told:
        (tmp_path / "load.py").write_text(code, encoding="utf-8")
        assert len(runpy.run_path("load.py")["train"]) == rows, code
    engine.dispose()
