"""The card of a crawl: what stands in it is what happened."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tdcrawl.datasets import card_origins
from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.server import serving
from tests.conftest import RunScrapy


@pytest.fixture
def version(run_scrapy: RunScrapy, tmp_path: Path) -> Path:
    """Crawl the practice shop and freeze v1; its folder."""
    with serving(practice_shop()) as shop:
        crawl = ("crawl", "retailer_reviews", "-a", "site=demo_store", "-a", f"start={shop.base_url}/catalogue")
        assert run_scrapy(*crawl).returncode == 0
    assert run_scrapy("dataset", "freeze", "v1", "--format", "csv").returncode == 0
    return tmp_path / "data" / "datasets" / "v1"


def test_card_of_a_crawl_tells_its_facts(version: Path) -> None:
    told = (version / "README.md").read_text(encoding="utf-8")
    for fact in (
        "`reviewed_at`, which 358 records have, is from 2022-01-16 to 2025-04-23.",
        "Given by: rule (358) (records before balancing).\n\nNobody has measured how wrong they are.",
        "Each stage with the number of runs in which it saw items, of 1:\n`canonicalize_url` (1), ",
        "12 of 399 items (3.01%) had the same text as a record.",
        "10 of 399 items (2.51%) had nearly the same text as a record.",
        "The least alike of these share 92% of their words (Jaccard).",
        "Rows of different splits were searched for texts that share 80% of their words or more.",
        "| failed/too_short | 3 | 0.75% |",
        "as `[email]`, `[account]`, `[order]`, `[card]`, `[phone]` (in how many records, before",
        "e-mail addresses (3), accounts (0), order numbers (0), card numbers (0), phone numbers (3).",
        "Names are not kept: `author_hash` is a keyed hash",
        "| demo_store | 1 | robots_disallowed |",
    ):
        assert fact in told


def test_card_of_a_crawl_has_the_checksum_of_each_file_of_rows(version: Path) -> None:
    told = (version / "README.md").read_text(encoding="utf-8")
    for path in (*version.rglob("*.parquet"), *version.rglob("*.csv")):
        content = path.read_bytes()
        (line,) = [line for line in told.splitlines() if line.startswith(f"| {path.relative_to(version).as_posix()} |")]
        assert line.endswith(f"| {len(content)} | {hashlib.sha256(content).hexdigest()} |")


def test_card_says_where_nothing_was_masked() -> None:
    provenance: dict[str, Any] = {
        "masked": {"phone": 2},
        "stages": {"runs": 3, "saw_items": {"redact_personal_data": 1, "write_record": 3}},
        "persons": {},
    }
    told = "\n".join(card_origins.personal_data(provenance))
    assert "`redact_personal_data` saw no item in 2 of 3 runs: nothing was masked there." in told
    provenance["stages"]["saw_items"]["redact_personal_data"] = 3
    assert "saw no item" not in "\n".join(card_origins.personal_data(provenance))


def test_card_says_that_no_page_was_refused() -> None:
    assert "No page that was asked for" in "\n".join(card_origins.opt_outs({"refused": {}}, {}))
