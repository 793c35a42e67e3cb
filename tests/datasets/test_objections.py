"""What a freeze is refused for: leaks, failures, a broken ledger, pages that are closed to us; and accepted by name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.leaks import Watch
from tdcrawl.datasets.plan import Authors, FreezePlan
from tdcrawl.datasets.version import freeze
from tdcrawl.dedup.near import SIGNATURE_BYTES
from tdcrawl.errors import DatasetError
from tdcrawl.outcomes import Bucket, PageReason
from tdcrawl.records.base import TrainingItem
from tdcrawl.records.review import REVIEW
from tdcrawl.store import versions
from tdcrawl.store.engine import Engine, writing
from tdcrawl.store.tables import outcomes, pages, records
from tdcrawl.store.verify import check
from tests.builders import NOON
from tests.datasets.corpus import a_review, collect
from tests.datasets.test_smote import a_posting
from tests.datasets.test_version import SPLITS, manifest, rows

V1 = FreezePlan("v1", balance=Balance.NONE)


def said_by(item: TrainingItem, author: str) -> TrainingItem:
    """Give a review its author."""
    assert item.record is not None
    item.record = item.record.model_copy(update={"author_hash": author})
    return item


def retold(item: TrainingItem, other: TrainingItem) -> TrainingItem:
    """Give a review nearly the words of another."""
    assert item.record is not None
    words = REVIEW.same_text(other.record)
    item.record = item.record.model_copy(update={"text": f"{words} again"})
    item.content_hash = None
    return item


@pytest.fixture
def copied(database_url: str) -> Any:
    """Store reviews of thirty products, half of them copied to another product by a crawl that did not look."""
    items = [a_review(number) for number in range(60)]
    copies = [retold(a_review(number), items[number - 61]) for number in range(61, 91)]
    engine = collect(database_url, [*items, *copies])
    yield engine
    engine.dispose()


def test_near_duplicates_in_several_splits_are_refused_until_accepted(copied: Engine, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"more than one split: \d+ near-duplicates \(.* and .*: --accept leaks$"):
        freeze(copied, V1, tmp_path)
    assert list(tmp_path.glob("v*")) == []
    frozen = freeze(copied, replace(V1, accept=("leaks",)), tmp_path)
    text_of = {row["text"]: split for split in SPLITS for row in rows(tmp_path / "v1", split)}
    torn = sum(text_of[text] != text_of[text + " again"] for text in text_of if text + " again" in text_of)
    assert f"there are in more than one split: {torn} near-duplicates" in manifest(tmp_path / "v1")["accepted"]["leaks"]
    assert frozen.rows == 90
    assert "in more than one split" in (tmp_path / "v1" / "README.md").read_text(encoding="utf-8")


def test_a_planted_leak_of_any_kind_is_found(database_url: str, tmp_path: Path) -> None:
    items = [said_by(a_review(number), f"author {number}") for number in range(6)]
    items[1].group_key = items[0].group_key
    said_by(items[3], "author 2")
    engine = collect(database_url, items)
    with writing(engine) as connection, Watch(V1, tmp_path) as watch:
        connection.execute(
            update(records).where(records.c.record_id == items[5].item_id).values(cluster_id=items[4].item_id)
        )
        assert check(connection, watch.take).balanced
        for number, item in enumerate(items):
            row = {"record_id": item.item_id, "split": ("train", "test")[number % 2]}
            versions.add_rows(connection, "v1", [row])
        found = watch.find(connection, authors_together=True)
        assert {name: number for name, (number, _) in found.items()} == {"groups": 1, "clusters": 1, "authors": 1}
        assert found["groups"][1] == [min(items[0].item_id, items[1].item_id)]
        assert "authors" not in watch.find(connection, authors_together=False)
    engine.dispose()


def test_only_what_is_a_row_can_leak(database_url: str, tmp_path: Path) -> None:
    items = [a_review(number) for number in range(6)]
    for one, other in ((0, 1), (2, 3), (4, 5)):
        items[other] = retold(items[other], items[one])
        items[other].group_key = items[one].group_key
    collect(database_url, [a_posting(0), a_posting(1)]).dispose()
    engine = collect(database_url, items)
    with writing(engine) as connection, Watch(V1, tmp_path) as watch:
        assert check(connection, watch.take).balanced
        # The first two are parted, of the next two one is no row, the last two are together.
        for item, split in zip(items, ("train", "test", "train", None, "test", "test"), strict=True):
            if split:
                versions.add_rows(connection, "v1", [{"record_id": item.item_id, "split": split}])
        versions.add_rows(connection, "v1", [{"record_id": "f" * 32, "split": "train"}])
        parted = sorted(item.item_id for item in items[:2])
        expected = {"groups": (1, parted[:1]), "near-duplicates": (1, [" and ".join(parted)])}
        assert watch.find(connection, authors_together=True) == expected
        # Nothing was kept of the postings.
        assert (tmp_path / "signatures").stat().st_size == len(items) * SIGNATURE_BYTES
    engine.dispose()


def test_an_author_of_two_products_is_in_one_split(database_url: str, tmp_path: Path) -> None:
    items = [said_by(a_review(number), f"author {number % 40 // 2}") for number in range(40)]
    engine = collect(database_url, items)
    freeze(engine, replace(V1, split=(50, 25, 25)), tmp_path)
    engine.dispose()
    assert manifest(tmp_path / "v1")["authors"] == "together"
    authors = [{row["author_hash"] for row in rows(tmp_path / "v1", split)} for split in SPLITS]
    assert all(authors)
    assert sum(map(len, authors)) == len(set.union(*authors))


def test_authors_who_tie_too_much_together_are_split_or_refused(database_url: str, tmp_path: Path) -> None:
    engine = collect(database_url, [said_by(a_review(number), f"author {number % 7}") for number in range(200)])
    with pytest.raises(DatasetError, match=r"^200 of 200 records hang together .* the 80% to train on: --auth"):
        freeze(engine, replace(V1, authors=Authors.TOGETHER), tmp_path)
    freeze(engine, V1, tmp_path)
    engine.dispose()
    assert manifest(tmp_path / "v1")["authors"] == "split"
    assert "an author may have written for several splits" in (tmp_path / "v1" / "README.md").read_text()
    assert all(rows(tmp_path / "v1", split) for split in SPLITS)


def fail(engine: Engine) -> None:
    """Let a third of all items be failed; the ledger does not balance after it."""
    failed = [a_review(number).item_id for number in range(66)]
    with writing(engine) as connection:
        connection.execute(update(outcomes).where(outcomes.c.item_id.in_(failed)).values(bucket=Bucket.FAILED))


def close(engine: Engine) -> None:
    """Let the page of all records be asked for again, in vain."""
    page = {
        "page_id": "later", "run_id": "run-2", "site": "demo_store", "url": "https://shop.example/product/17",
        "canonical_url": "https://shop.example/product/17", "host": "shop.example", "priority": 0, "position": 0,
        "request": {}, "attempts": 1, "state": "skipped", "reason": PageReason.ROBOTS_DISALLOWED, "items_yielded": 0,
        "items_seen_again": 0, "scheduled_at": NOON, "finished_at": NOON.replace(year=2027),
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(pages), page)


@pytest.mark.parametrize(
    ("spoil", "names", "said"),
    [
        (fail, ("broken_ledger", "open_failures"), "66 of 200 items failed, more than 25%"),
        (close, ("opt_outs",), "200 records are of pages that robots.txt has closed to us since"),
    ],
)
def test_an_objection_is_refused_until_accepted_by_name(
    engine: Engine, tmp_path: Path, spoil: Callable[[Engine], None], names: tuple[str, ...], said: str
) -> None:
    spoil(engine)
    with pytest.raises(DatasetError, match=f"{said}.*nothing is frozen, unless you accept it: --accept {names[-1]}$"):
        freeze(engine, replace(V1, accept=names[:-1]), tmp_path)
    freeze(engine, replace(V1, accept=names), tmp_path)
    told = manifest(tmp_path / "v1")["accepted"]
    assert list(told) == sorted(names)
    assert said in told[names[-1]]


def test_a_page_that_is_open_again_is_no_objection(engine: Engine, tmp_path: Path) -> None:
    close(engine)
    with writing(engine) as connection:
        connection.execute(update(pages).where(pages.c.page_id != "later").values(
            finished_at=NOON.replace(year=2028), canonical_url="https://shop.example/product/17"
        ))  # fmt: skip
    assert freeze(engine, V1, tmp_path).rows == 200


def test_more_failures_are_no_objection_where_they_are_asked_for(engine: Engine, tmp_path: Path) -> None:
    fail(engine)
    freeze(engine, replace(V1, accept=("broken_ledger",), max_failed_share=0.4), tmp_path)
