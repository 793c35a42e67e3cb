"""The benchmarks measure what they say, whatever the figures: a small round of each."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.reviews import invent_reviews
from tdcrawl import text

PROJECT = Path(__file__).parents[1]


def measure(*arguments: str) -> dict[str, Any]:
    """Run a benchmark as `make bench` does; give the JSON object of its last line."""
    command = [sys.executable, *arguments, "--rounds", "1", "--json"]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def test_crawl_compares_all_stages_with_none_and_with_bare_scrapy() -> None:
    figures = measure("benchmarks/crawl.py", "--pages", "2")
    assert figures["pages"] == 2
    assert figures["sqlite"].keys() >= {"ratio", "ratio_to_bare", "all_stages_records_per_second"}
    assert figures["machine"].keys() == {"cores", "memory_gib", "cpu", "python", "system"}


def test_stages_compare_with_the_reference_recipe() -> None:
    figures = measure("benchmarks/stages.py", "--records", "45")
    assert figures["records"] == 45
    ours, theirs = figures["records_per_second"], figures["reference_records_per_second"]
    assert round(figures["ratio"], 2) == round(ours / theirs, 2)


def test_crawl_gives_no_figure_when_asked_for_no_pages() -> None:
    command = [sys.executable, "benchmarks/crawl.py", "--pages", "0"]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert "'0' is no whole number of 1 or more" in finished.stderr


def test_invented_reviews_are_all_different_and_as_long_as_real_ones() -> None:
    texts = [review["text"] for review in invent_reviews(2000)]
    assert max(Counter(map(text.normalise, texts)).values()) == 1
    words = sum(map(text.count_words, texts)) / len(texts)
    assert 55 <= words <= 65
