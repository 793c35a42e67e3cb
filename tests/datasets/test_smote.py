"""`--balance smote`: rows of numbers beside the records, and never among them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tdcrawl import text
from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.erasing import Erasure
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.verify import verify_version
from tdcrawl.datasets.version import export, freeze
from tdcrawl.errors import DatasetError, PlanError
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.records.base import TrainingItem, digest
from tdcrawl.records.job_posting import JOB_POSTING, JobPosting
from tdcrawl.records.naming import Label
from tdcrawl.store.engine import Engine
from tdcrawl.store.erasing import Target
from tdcrawl.store.tombstones import Kind
from tests.builders import an_item, terms
from tests.datasets.corpus import collect
from tests.datasets.test_version import content, manifest, rows

FEATURES = ["salary_min", "salary_max", "experience_years", "word_count"]
PLAN = FreezePlan("v1", "job_posting", balance=Balance.SMOTE, max_share=0.5)


def a_posting(number: int, *, rare: int = 6) -> TrainingItem:
    """Build the posting of that number: every `rare`-th pays much for little, every fifth says nothing of years."""
    item = an_item(f"posting {number}")
    words = " ".join(digest(str(number), str(place))[:7] for place in range(12 + number % 5))
    pay = 160_000.0 + 500 * number if number % rare == 0 else 40_000.0 + 700 * number
    years = None if number % 5 == 0 else float(number % rare % 4)
    item.record = JobPosting(
        title="Engineer", text=words, job_id=item.item_id, salary_min=pay, salary_max=pay, experience_years=years
    )
    item.record_type, item.group_key = "job_posting", item.item_id
    item.content_hash = text.content_hash(JOB_POSTING.sameness(item.record))
    label = label_by_rule(JOB_POSTING, item.record)
    assert isinstance(label, Label)
    item.label = label
    return item


@pytest.fixture
def postings(database_url: str) -> Iterator[Engine]:
    """Collect 150 postings."""
    engine = collect(database_url, [a_posting(number) for number in range(150)])
    yield engine
    engine.dispose()


def test_smote_writes_rows_of_numbers_beside_the_records(postings: Engine, tmp_path: Path) -> None:
    frozen = freeze(postings, PLAN, tmp_path)
    train = {row["record_id"]: row for row in rows(tmp_path / "v1", "train")}
    table = pq.read_table(tmp_path / "v1" / "smote" / "train.parquet")
    assert table.column_names == ["record_id", "is_synthetic", "label", *FEATURES]
    made = [row for row in table.to_pylist() if row["is_synthetic"]]
    real = [row for row in table.to_pylist() if not row["is_synthetic"]]
    assert {row["record_id"] for row in real} == {
        name for name, row in train.items() if None not in [row[feature] for feature in FEATURES]
    }
    assert all(row[name] == train[row["record_id"]][name] for row in real for name in FEATURES)
    assert {row["label"] for row in made} == {"high_comp_entry"}
    assert all(row["record_id"] is None and row["salary_max"] > 150_000 for row in made)
    counted = Counter(row["label"] for row in table.to_pylist())
    assert counted["high_comp_entry"] == counted["other"]
    assert {label: count["after"] for label, count in frozen.balanced.items()} == counted
    assert frozen.rows == 150
    assert all(row["sample_weight"] == 1.0 for row in train.values())


def test_smote_is_the_same_when_it_is_written_again(postings: Engine, tmp_path: Path) -> None:
    freeze(postings, PLAN, tmp_path)
    assert "imbalanced-learn" in manifest(tmp_path / "v1")["writer"]
    assert verify_version(postings, "v1") == []
    export(postings, "v1", tmp_path / "copy")
    assert content(tmp_path / "copy" / "v1") == content(tmp_path / "v1")


def test_what_is_erased_leaves_what_was_made_up_from_it(postings: Engine, tmp_path: Path) -> None:
    freeze(postings, PLAN, tmp_path)
    before = pq.read_table(tmp_path / "v1" / "smote" / "train.parquet").to_pylist()
    rare = [row["record_id"] for row in before if row["label"] == "high_comp_entry" and row["record_id"]]
    for erased in rare[:-1]:
        target = Target(Kind.RECORD, frozenset({erased}))
        Erasure(postings, tmp_path, target, lambda _: terms(postings, kind=JOB_POSTING)).carry_out()
    after = pq.read_table(tmp_path / "v1" / "smote" / "train.parquet").to_pylist()
    assert [row["record_id"] for row in after if row["label"] == "high_comp_entry"] == rare[-1:]
    assert manifest(tmp_path / "v1")["balanced"]["high_comp_entry"]["after"] == 1
    assert verify_version(postings, "v1") == []


def test_smote_refuses_texts_columns_and_one_alone(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="the label of a review is in its text: nothing lies between two texts"):
        FreezePlan("v1", balance=Balance.SMOTE)
    with pytest.raises(PlanError, match="leave --balance-by out"):
        FreezePlan("v1", "job_posting", balance=Balance.SMOTE, balance_by="location")
    lonely = collect(database_url, [a_posting(number, rare=19) for number in range(1, 31)])
    with pytest.raises(DatasetError, match="one record alone to train on is high_comp_entry and has all of salary_min"):
        freeze(lonely, PLAN, tmp_path)
    lonely.dispose()
    assert not (tmp_path / "v1").exists()
