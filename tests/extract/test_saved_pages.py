"""On saved pages of real shops every review with a text is found once, and none where there is none."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.saved_pages import SITES, count_shown, count_structured, open_page, read_by_site_file
from tdcrawl.extract.page import Page
from tdcrawl.extract.reading import Reading, read_records
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.loading import load_profile
from tdcrawl.sites.profile import Read

Saved = list[tuple[dict[str, Any], Reading]]


@pytest.fixture(scope="module")
def pages(shared_data: Path) -> list[tuple[dict[str, Any], Page]]:
    """Parse every saved page once, beside what its index expects of it."""
    folder = shared_data / "pages"
    return [(entry, open_page(folder, entry)) for entry in json.loads((folder / "index.json").read_text())]


@pytest.fixture(scope="module")
def saved(pages: list[tuple[dict[str, Any], Page]]) -> Saved:
    """Read every saved page once, by the reader that needs no site file."""
    return [(entry, read_records(page, Read(reader=["schema_org"]), REVIEW)) for entry, page in pages]


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


def test_every_rating_has_its_value_and_scale_on_saved_pages(saved: Saved) -> None:
    counts = Counter[str]()
    for entry, found in saved:
        counts.update(count_structured(entry, found.raws))
    assert counts["ratings_found"] == counts["ratings_expected"] > 300
    assert counts["samples_right"] == counts["samples"] > 40


def test_each_review_of_a_widget_is_found_by_its_site_file_on_saved_pages(
    pages: list[tuple[dict[str, Any], Page]],
) -> None:
    profiles = [load_profile(str(path)) for path in sorted(SITES.glob("*.toml"))]
    shown = [(entry, page) for entry, page in pages if entry["expected_dom_reviews"] is not None]
    read_by = {entry["file"]: (entry, *read_by_site_file(page, profiles)) for entry, page in shown}
    assert {name for _, name, _ in read_by.values()} == {profile.name for profile in profiles}
    counts = {file: count_shown(entry, raws) for file, (entry, _, raws) in read_by.items()}
    assert [file for file, count in counts.items() if not count["right"]] == []
    # What markup marks of a review is not all of it: there the rating, or the text, is for people alone.
    partly = [file for file, (_, name, _) in read_by.items() if name == "itemprop_markup"]
    short = [file for file, each in counts.items() if min(each["with_text"], each["rated"]) < each["found"]]
    assert short == partly
