"""The real reviews, from the shop's page to a frozen version, against counts made from the CSV without our code."""

import csv
import gzip
import json
import os
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tdcrawl.demo.catalogue import shop_from_csv
from tdcrawl.demo.markup import SITES, Markup
from tdcrawl.demo.server import serving
from tests.commands.conftest import crawled
from tests.conftest import RunScrapy

# As many as there is time for; REAL_REVIEWS=23486 reads them all.
READ = {"sqlite": int(os.environ.get("REAL_REVIEWS", "8000")), "postgresql": 6_000}
SENTIMENT = {"1": "negative", "2": "negative", "3": "neutral", "4": "positive", "5": "positive"}


@dataclass
class Counted:
    """Hold what the CSV says should become of its rows."""

    yielded: int
    empty: int
    too_short: int
    exact: int
    near: int
    labels: Counter[str]


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def count(path: Path) -> Counted:
    """Count empty and short texts, copies word by word, and rows whose word set is at Jaccard 0.8 to a kept one's."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [row for row in rows if row["text"].strip()]
    long_enough = [row for row in texts if len(row["text"].split()) >= 10]
    firsts: dict[tuple[str, ...], dict[str, str]] = {}
    for row in long_enough:
        firsts.setdefault(tuple(words_of(row["text"])), row)
    pairs = near_pairs([frozenset(words) for words in firsts], [SENTIMENT[row["rating"]] for row in firsts.values()])
    # Else it would depend on the order of arrival how many are dropped.
    assert all((one, three) in pairs for one, two in pairs for again, three in pairs if again == two)
    dropped = {max(pair) for pair in pairs}
    kept = [row for place, row in enumerate(firsts.values()) if place not in dropped]
    labels = Counter(SENTIMENT[row["rating"]] for row in kept)
    exact = len(long_enough) - len(firsts)
    return Counted(len(rows), len(rows) - len(texts), len(texts) - len(long_enough), exact, len(dropped), labels)


def near_pairs(sets: list[frozenset[str]], labels: list[str]) -> list[tuple[int, int]]:
    """Find all pairs with the same label at Jaccard 0.8 or more: by prefix filtering, which misses none."""
    common = Counter(word for words in sets for word in words)
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    found = set()
    for place, words in enumerate(sets):
        rarest_first = sorted(words, key=lambda word: (common[word], word))
        for word in rarest_first[: len(words) - ceil(0.8 * len(words)) + 1]:
            for other in by_word[word]:
                shared = len(words & sets[other])
                if shared >= 0.8 * (len(words) + len(sets[other]) - shared) and labels[place] == labels[other]:
                    found.add((other, place))
            by_word[word].append(place)
    return sorted(found)


@pytest.fixture(scope="module")
def reviews(shared_data: Path) -> Path:
    return shared_data / "reviews" / "womens_clothing.csv.gz"


def first_of(reviews: Path, number: int, folder: Path) -> Path:
    """Write the first rows of the CSV into one of its own."""
    some = folder / "some.csv.gz"
    with gzip.open(reviews, "rt", encoding="utf-8", newline="") as file, gzip.open(some, "wt", newline="") as copy:
        rows = csv.reader(file)
        csv.writer(copy).writerows(islice(rows, number + 1))
    return some


@pytest.mark.parametrize(("database", "markup"), [("sqlite", Markup.JSON_LD), ("postgresql", Markup.CSS)])
def test_real_reviews_balance_to_the_row(
    reviews: Path, run_scrapy: RunScrapy, request: pytest.FixtureRequest, tmp_path: Path, database: str, markup: Markup
) -> None:
    reviews = first_of(reviews, READ[database], tmp_path)
    url = f"sqlite:///{tmp_path}/real.db" if database == "sqlite" else request.getfixturevalue("postgresql_database")
    counted = count(reviews)
    with serving(shop_from_csv(reviews), markup) as server:
        found = crawled(
            run_scrapy(
                "crawl",
                "retailer_reviews",
                "--json",
                "-a",
                f"site={SITES[markup]}",
                "-a",
                f"start={server.base_url}/catalogue",
                TDCRAWL_DATABASE_URL=url,
            )
        )
        assert max(server.hits.values()) == 1
    stages: dict[str, Any] = {step["stage"]: step["reasons"] for step in found.figures["stages"]}
    assert found.status == 0, found.errors
    assert found.figures["items"]["yielded"] == counted.yielded
    assert stages["validate_record"] == {"missing_field": counted.empty, "too_short": counted.too_short}
    # Whichever of two copies came first, the better one is kept: so it is the ledger that counts, not the stages.
    copies = Counter({"exact_duplicate": counted.exact, "near_duplicate": counted.near})
    assert Counter(found.figures["reasons"]["duplicate"]) == copies
    assert found.figures["strata"] == counted.labels
    assert found.figures["balanced"]
    frozen_as_it_should_be(run_scrapy, url, tmp_path, counted)


def frozen_as_it_should_be(run_scrapy: RunScrapy, url: str, tmp_path: Path, counted: Counted) -> None:
    frozen = run_scrapy("dataset", "freeze", "v1", "--json", TDCRAWL_DATABASE_URL=url)
    assert frozen.returncode == 0, frozen.stderr
    version = tmp_path / "data" / "datasets" / "v1"
    train = Counter(pq.read_table(version / "train", columns=["label"])["label"].to_pylist())
    assert max(train.values()) / sum(train.values()) <= 0.6
    rest = [pq.read_table(version / split, columns=["label"])["label"].to_pylist() for split in ("validation", "test")]
    after = Counter(label for labels in rest for label in labels) + train
    # Only positive reviews, the majority, give way.
    assert {label: after[label] for label in ("negative", "neutral")} == {
        label: counted.labels[label] for label in ("negative", "neutral")
    }
    verified = run_scrapy("verify", "--json", TDCRAWL_DATABASE_URL=url)
    assert verified.returncode == 0
    assert json.loads(verified.stdout)["balanced"]
