"""The card and croissant.json: readable by those they are written for."""

import hashlib
import json
from pathlib import Path

import mlcroissant
import pyarrow.parquet as pq
import pytest

from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.version import freeze
from tdcrawl.records.review import REVIEW
from tdcrawl.store.engine import Engine

# What is described does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FRONT_MATTER = """---
pretty_name: review v1
license: other
task_categories:
- text-classification
configs:
- config_name: default
  data_files:
  - split: train
    path: train/*.parquet
  - split: validation
    path: validation/*.parquet
  - split: test
    path: test/*.parquet
---
"""


@pytest.fixture
def version(engine: Engine, tmp_path: Path) -> Path:
    """Freeze v1 and give its directory."""
    return Path(freeze(engine, FreezePlan("v1", formats=("parquet", "csv")), tmp_path).location)


# mlcroissant asks rdflib and pandas for what they are about to give up.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_croissant_is_valid_and_leads_to_every_row(version: Path) -> None:
    dataset = mlcroissant.Dataset(jsonld=str(version / "croissant.json"))
    assert dataset.metadata.issues.errors == set()
    for split in ("train", "validation", "test"):
        records = list(dataset.records(split))
        assert len(records) == pq.read_metadata(version / split / "part-00000.parquet").num_rows
        assert list(records[0]) == [f"{split}/{name}" for name in REVIEW.columns]


def test_croissant_has_the_checksum_of_each_file_of_rows(version: Path) -> None:
    described = json.loads((version / "croissant.json").read_text(encoding="utf-8"))
    told = {one["@id"]: one["sha256"] for one in described["distribution"] if one["@type"] == "cr:FileObject"}
    paths = [*version.rglob("*.parquet"), *version.rglob("*.csv")]
    digests = {str(path.relative_to(version)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert told == digests
    assert len(digests) == 6


def test_card_begins_with_front_matter_that_names_each_split(version: Path) -> None:
    assert (version / "README.md").read_text(encoding="utf-8").startswith(FRONT_MATTER)
    for split in ("train", "validation", "test"):
        assert [part.name for part in version.glob(f"{split}/*.parquet")] == ["part-00000.parquet"]


def test_card_tells_sources_counts_labels_and_the_ledger(version: Path) -> None:
    card = (version / "README.md").read_text(encoding="utf-8")
    assert "| demo_store | 200 | 2026-06-01T12:00:00+00:00 | 2026-06-01T12:03:19+00:00 |" in card
    assert "no label above 60% of the training split" in card
    assert "Given by: rule (200)" in card
    assert "| record | 200 | 100.00% |" in card
    assert "| duplicate | 0 | 0.00% |" in card
