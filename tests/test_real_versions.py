"""The real reviews through two versions: what was crawled later is added, what is the same stays, and S3 has it too."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tdcrawl.demo.catalogue import shop_from_csv
from tdcrawl.demo.markup import SITES, Markup
from tdcrawl.demo.server import serving
from tests.conftest import RunScrapy
from tests.test_real_reviews import first_of

Answer = dict[str, Any]
SPLITS = ("train", "validation", "test")


@pytest.fixture
def ask(run_scrapy: RunScrapy) -> Callable[..., Answer]:
    """Run a command that must succeed; gives what it prints as JSON."""

    def run(*arguments: str) -> Answer:
        finished = run_scrapy(*arguments, "--json")
        assert finished.returncode == 0, finished.stderr
        answer: Answer = json.loads(finished.stdout.splitlines()[-1])
        return answer

    return run


def ids(version: Path, split: str) -> set[str]:
    return set(pq.read_table(version / split, columns=["record_id"])["record_id"].to_pylist())


def test_a_second_version_of_real_reviews_adds_up(
    shared_data: Path, ask: Callable[..., Answer], tmp_path: Path
) -> None:
    reviews = first_of(shared_data / "reviews" / "womens_clothing.csv.gz", 5_000, tmp_path)
    with serving(shop_from_csv(reviews), Markup.JSON_LD) as server:
        site, start = f"site={SITES[Markup.JSON_LD]}", f"start={server.base_url}/catalogue"
        crawl = ("crawl", "retailer_reviews", "-a", site, "-a", start)
        ask(*crawl, "-a", "limit=120")
        first = ask("dataset", "freeze", "v1")
        ask(*crawl)
    second = ask("dataset", "freeze", "v2")
    diff = ask("dataset", "diff", "v1", "v2", "--to", str(tmp_path))
    v1, v2 = (Path(frozen["location"]) for frozen in (first, second))
    had, has = (set.union(*(ids(version, split) for split in SPLITS)) for version in (v1, v2))
    assert diff["counts"]["added"] == len(has - had) > 1_000
    assert diff["counts"]["removed"] == len(had - has)
    assert diff["rows_before"] + diff["counts"]["added"] - diff["counts"]["removed"] == diff["rows_after"] == len(has)
    assert pq.read_metadata(tmp_path / "v1-v2" / "diff.parquet").num_rows == diff["changed"] + len(had ^ has)
    assert ids(v1, "test") <= ids(v2, "test")
    rows = {split: len(ids(v2, split)) for split in SPLITS}
    before = sum(count["before"] for counts in second["counts"].values() for count in counts.values())
    for split in ("validation", "test"):
        assert abs(rows[split] / before - 0.1) < 0.01
    assert ask("dataset", "verify", "v2")["intact"]
