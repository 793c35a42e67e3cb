"""The real reviews and the practice shop through their versions, in S3: all that a model team hangs on, in one go."""

import json
import runpy
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tdcrawl.demo.catalogue import practice_shop, shop_from_csv
from tdcrawl.demo.markup import SITES, Markup
from tdcrawl.demo.server import ShopServer, serving
from tests.buckets import Bucket
from tests.commands.conftest import Crawled, a_review, review_page
from tests.conftest import RunScrapy
from tests.datasets.test_version import content, rows
from tests.test_real_reviews import first_of

Answer = dict[str, Any]
SPLITS = ("train", "validation", "test")
AUTHOR = "Noor O."
KEY = {"TDCRAWL_PERSON_KEY": "5e" * 32}
WRITTEN = [review.text for product in practice_shop().products for review in product.reviews if review.author == AUTHOR]


class House:
    """Run what a user would, each command in a process of its own."""

    def __init__(self, run_scrapy: RunScrapy, bucket: Bucket, home: Path) -> None:
        self._run, self._bucket, self._home = run_scrapy, bucket, home

    def ask(self, *arguments: str) -> Answer:
        """Run a command that must succeed; gives what it prints as JSON."""
        finished = self._run(*arguments, "--json", **KEY)
        assert finished.returncode == 0, finished.stderr
        answer: Answer = json.loads(finished.stdout.splitlines()[-1])
        return answer

    def crawl(self, server: ShopServer, markup: Markup, *arguments: str) -> None:
        """Crawl a shop."""
        start = f"start={server.base_url}/catalogue"
        self.ask("crawl", "retailer_reviews", "-a", f"site={SITES[markup]}", "-a", start, *arguments)

    def freeze(self, version: str) -> Answer:
        """Freeze a version into the bucket, see that a folder would hold the same bytes, and give what is told."""
        frozen = self.ask("dataset", "freeze", version, "--to", self._bucket.uri)
        self.ask("dataset", "export", version, "--to", str(self._home / "copies"))
        assert self._bucket.content(version) == content(self.copy(version))
        return frozen

    def copy(self, version: str) -> Path:
        """Give the folder that holds the bytes of a version."""
        return self._home / "copies" / version


@pytest.fixture
def house(run_scrapy: RunScrapy, bucket: Bucket, tmp_path: Path) -> House:
    return House(run_scrapy, bucket, tmp_path)


def ids(version: Path, splits: Iterable[str] = SPLITS) -> set[str]:
    return {row["record_id"] for split in splits for row in rows(version, split)}


def test_versions_of_real_reviews_are_compared_and_erased_from(
    shared_data: Path,
    house: House,
    run_scrapy: RunScrapy,
    bucket: Bucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reviews = first_of(shared_data / "reviews" / "womens_clothing.csv.gz", 2_000, tmp_path)
    with serving(shop_from_csv(reviews), Markup.CSS) as real, serving(practice_shop(), Markup.JSON_LD) as practice:
        house.crawl(real, Markup.CSS, "-a", "limit=300")
        house.crawl(practice, Markup.JSON_LD)
        house.freeze("v1")
        house.crawl(real, Markup.CSS)
    second = house.freeze("v2")
    adds_up(
        house.ask("dataset", "diff", "v1", "v2", "--to", str(tmp_path)), house.copy("v1"), house.copy("v2"), tmp_path
    )
    assert ids(house.copy("v1"), ["test"]) <= ids(house.copy("v2"), ["test"])
    within_a_percent(second)
    erased = house.ask("dataset", "erase", "--author", AUTHOR)
    assert erased["found"] == []
    assert set(erased["versions"]) == {"v1", "v2"}
    for version in ("v1", "v2"):
        assert house.ask("dataset", "verify", version)["intact"]
        house.ask("dataset", "export", version, "--to", str(tmp_path / "after"))
        assert bucket.content(version) == content(tmp_path / "after" / version)
        before, after = (texts(folder / version) for folder in (tmp_path / "copies", tmp_path / "after"))
        assert before.intersection(WRITTEN)
        assert not after.intersection(WRITTEN)
        assert len(before - after) == erased["versions"][version]
    loads_by_its_three_lines(run_scrapy, second, tmp_path, monkeypatch)


def test_a_leak_between_real_reviews_refuses_the_freeze(
    shared_data: Path, house: House, crawl_pages: Callable[..., Crawled], run_scrapy: RunScrapy, tmp_path: Path
) -> None:
    reviews = first_of(shared_data / "reviews" / "womens_clothing.csv.gz", 600, tmp_path)
    with serving(shop_from_csv(reviews), Markup.CSS) as real:
        house.crawl(real, Markup.CSS)
    house.freeze("v1")
    # One of each split, in a page of their own: wherever that goes, two of them are told by another split.
    copied = [max(texts(house.copy("v1"), [split]), key=len) for split in SPLITS]
    page = review_page(*(a_review(number, reviewBody=f"{text} Indeed.") for number, text in enumerate(copied)))
    assert crawl_pages({"/": page}, TDCRAWL_DROP_NEAR_DUPLICATES_ENABLED="false").status == 0
    refused = run_scrapy("dataset", "freeze", "v2")
    assert refused.returncode == 1
    assert "there are in more than one split: 2 near-duplicates" in refused.stderr
    assert [version["version"] for version in house.ask("dataset", "list")["versions"]] == ["v1"]


def texts(version: Path, splits: Iterable[str] = SPLITS) -> set[str]:
    return {row["text"] for split in splits for row in rows(version, split)}


def loads_by_its_three_lines(
    run_scrapy: RunScrapy, frozen: Answer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Export a version once more, and run what is printed then."""
    told = run_scrapy("dataset", "export", frozen["version"], "--to", str(folder / "newcomer")).stdout
    monkeypatch.chdir(folder)
    Path("load.py").write_text(told.partition("Load it:\n")[2], encoding="utf-8")
    assert set(runpy.run_path("load.py")["train"]["record_id"]) == ids(folder / "newcomer" / "v2", ["train"])


def adds_up(diff: Answer, v1: Path, v2: Path, folder: Path) -> None:
    """Count what a diff tells in the files of both versions."""
    had, has = ids(v1), ids(v2)
    assert diff["counts"]["added"] == len(has - had) > 1_000
    assert diff["counts"]["removed"] == len(had - has)
    assert diff["rows_before"] + diff["counts"]["added"] - diff["counts"]["removed"] == diff["rows_after"] == len(has)
    assert pq.read_metadata(folder / "v1-v2" / "diff.parquet").num_rows == diff["changed"] + len(had ^ has)


def within_a_percent(frozen: Answer) -> None:
    """See that validation and test have their shares of what was collected."""
    before = {split: sum(count["before"] for count in frozen["counts"][split].values()) for split in SPLITS}
    for split in ("validation", "test"):
        assert abs(before[split] / sum(before.values()) - 0.1) < 0.01
