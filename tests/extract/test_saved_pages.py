"""On saved pages of real shops every review with a text is found once, and none where there is none."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector

from tdcrawl.extract.reading import Page, Reading, read_records
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Read

Saved = list[tuple[dict[str, Any], Reading]]


@pytest.fixture(scope="module")
def saved(shared_data: Path) -> Saved:
    """Read every saved page once, beside what its index expects of it."""
    folder = shared_data / "pages"
    return [(page, read(folder, page)) for page in json.loads((folder / "index.json").read_text())]


def read(folder: Path, page: dict[str, Any]) -> Reading:
    body = gzip.decompress((folder / page["file"]).read_bytes())
    selector = Selector(body=body, encoding=page["declared_encoding"] or "utf-8")
    return read_records(Page(page["url"], selector), Read(reader=["schema_org"]), REVIEW)


def with_text(found: Reading) -> list[dict[str, str]]:
    return [raw for raw in found.raws if raw.get("text", "").strip()]


def test_each_review_with_a_text_is_found_once_on_saved_pages(saved: Saved) -> None:
    counts = {
        page["file"]: (page["expected_structured_unique_text_author"], len(with_text(found))) for page, found in saved
    }
    assert {file: count for file, count in counts.items() if count[0] != count[1]} == {}


def test_no_review_is_found_on_saved_pages_that_hold_none(saved: Saved) -> None:
    without = [(page["file"], found.raws) for page, found in saved if page["expected_structured_reviews"] == 0]
    assert len(without) >= 10
    assert [file for file, raws in without if raws] == []


def test_every_product_is_told_on_saved_pages_with_reviews(saved: Saved) -> None:
    raws = [raw for _, found in saved for raw in found.raws]
    assert len(raws) > 300
    assert [raw for raw in raws if not raw.get("product_id")] == []
