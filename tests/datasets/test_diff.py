"""Comparing versions: each difference is found once, and they add up."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.diff import compare
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.version import freeze
from tdcrawl.errors import DatasetError, StoreError
from tdcrawl.records.base import digest
from tdcrawl.records.columns import ColumnType
from tdcrawl.store import versions
from tdcrawl.store.engine import Engine, open_engine, writing
from tdcrawl.store.versions import Version
from tests.builders import NOON
from tests.datasets.corpus import a_review, collect

V1 = FreezePlan("v1", balance=Balance.NONE)
COLUMNS = dict.fromkeys(("record_id", "split", "label", "text", "url"), ColumnType.TEXT)
ROW = {"split": "train", "label": "positive", "text": "a text", "url": "https://shop.example/"}


def seal(engine: Engine, name: str, rows: dict[str, dict[str, str]], record_type: str = "review") -> None:
    """Freeze rows, given by their record's name."""
    with writing(engine) as connection:
        if rows:
            versions.add_rows(connection, name, [{"record_id": digest(one), **row} for one, row in rows.items()])
        versions.seal(connection, Version(name, record_type, NOON, {}, len(rows), "", "", ""), COLUMNS)


def test_each_difference_is_told_once(database_url: str, tmp_path: Path) -> None:
    engine = open_engine(database_url)
    changed = {
        "label": ROW | {"label": "neutral"}, "split": ROW | {"split": "test"}, "text": ROW | {"text": "another"},
        "url": ROW | {"url": "https://shop.example/2"}, "much": ROW | {"label": "negative", "split": "test"},
    }  # fmt: skip
    seal(engine, "v1", {**dict.fromkeys(changed, ROW), "same": ROW, "gone": ROW})
    seal(engine, "v2", {**changed, "same": ROW, "new": ROW, "newer": ROW})
    diff = compare(engine, "v1", "v2", tmp_path)
    engine.dispose()
    assert (diff.rows_before, diff.rows_after, diff.unchanged, diff.changed) == (7, 8, 1, 5)
    assert diff.counts == {
        "added": 2, "removed": 1, "relabelled": 2, "moved": 2, "text_changed": 1, "changed_otherwise": 1,
    }  # fmt: skip
    assert diff.relabelled == {"positive > negative": 1, "positive > neutral": 1}
    told = {row["record_id"]: row for row in pq.read_table(tmp_path / "v1-v2" / "diff.parquet").to_pylist()}
    assert Counter(row["changes"] for row in told.values()) == {
        "added": 2, "removed": 1, "relabelled": 1, "moved": 1, "text_changed": 1, "changed_otherwise": 1,
        "relabelled,moved": 1,
    }  # fmt: skip
    assert told[digest("much")] == {
        "record_id": digest("much"), "changes": "relabelled,moved", "columns": "split,label", "split_before": "train",
        "split_after": "test", "label_before": "positive", "label_after": "negative",
    }  # fmt: skip
    assert (told[digest("new")]["split_before"], told[digest("gone")]["label_after"]) == (None, None)


NAMES = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["negative", "positive"]))


@given(NAMES, NAMES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_the_numbers_add_up_for_any_two_versions(tmp_path: Path, before: dict[str, str], after: dict[str, str]) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / digest(str(before), str(after))}.db")
    for name, labels in (("v1", before), ("v2", after)):
        seal(engine, name, {one: ROW | {"label": label} for one, label in labels.items()})
    diff = compare(engine, "v1", "v2")
    engine.dispose()
    both = before.keys() & after.keys()
    assert diff.counts["added"] == len(after.keys() - both)
    assert diff.counts["removed"] == len(before.keys() - both)
    assert diff.counts["relabelled"] == diff.changed == sum(before[one] != after[one] for one in both)
    assert diff.rows_before + diff.counts["added"] - diff.counts["removed"] == diff.rows_after == len(after)
    assert diff.unchanged + diff.changed + diff.counts["added"] == diff.rows_after


def test_more_was_collected_and_the_diff_adds_up(database_url: str, tmp_path: Path) -> None:
    engine = collect(database_url, [a_review(number) for number in range(150)])
    freeze(engine, V1, tmp_path)
    engine.dispose()
    engine = collect(database_url, [a_review(number) for number in range(200)])
    freeze(engine, replace(V1, version="v2"), tmp_path)
    diff = compare(engine, "v1", "v2")
    assert (diff.rows_before, diff.rows_after, diff.counts["added"], diff.counts["removed"]) == (150, 200, 50, 0)
    assert (diff.unchanged, diff.changed) == (150, 0)
    assert compare(engine, "v1", "v1").unchanged == 150
    engine.dispose()


def test_versions_that_cannot_be_compared(database_url: str, tmp_path: Path) -> None:
    engine = open_engine(database_url)
    seal(engine, "v1", {"one": ROW})
    seal(engine, "v2", {}, "job_posting")
    with pytest.raises(DatasetError, match="v3 was never frozen; frozen versions: v1, v2"):
        compare(engine, "v1", "v3")
    with pytest.raises(DatasetError, match="v1 holds review records, v2 holds job_posting records"):
        compare(engine, "v1", "v2")
    (tmp_path / "v1-v1").mkdir()
    with pytest.raises(StoreError, match="v1-v1 is in the way"):
        compare(engine, "v1", "v1", tmp_path)
    engine.dispose()
