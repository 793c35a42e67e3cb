"""Pages that mean harm are read as far as a crawl can wait, and say what was left out."""

import json

import pytest
from parsel import Selector

from benchmarks.hostile_pages import PAGES, read_page
from tdcrawl.extract.page import MOST_RECORDS
from tdcrawl.extract.reading import Page, read_records
from tdcrawl.records.review import MAX_CHARACTERS, REVIEW
from tdcrawl.sites.profile import Read

SIZE = 1_100_000


@pytest.mark.attack(
    "a page built to take time or memory (nesting, entities, lists, patterns)",
    "read as far as a crawl can wait, and told",
)
@pytest.mark.parametrize("name", PAGES)
def test_what_is_too_much_is_told_when_a_page_is_hostile(name: str) -> None:
    hostile = PAGES[name]
    found, _ = read_page(hostile.body(SIZE).encode(), hostile.reader)
    assert len(found.raws) <= MOST_RECORDS
    assert bool(found.problems) == bool(hostile.told)
    assert hostile.told in "".join(found.problems[:1])
    assert all(len(problem) < 200 for problem in found.problems)


def test_records_are_kept_and_the_page_is_cut_when_it_lists_more_than_can_be_read() -> None:
    listed = [{"@type": "Review", "reviewBody": f"Number {number}."} for number in range(MOST_RECORDS + 5)]
    html = f'<script type="application/ld+json">{json.dumps(listed)}</script>'
    found = read_records(Page("https://shop.example/", Selector(text=html)), Read(reader=["schema_org"]), REVIEW)
    assert [raw["text"] for raw in found.raws] == [item["reviewBody"] for item in listed[:MOST_RECORDS]]
    assert found.problems == ["schema.org: only 10,000 of 10,005 records are read"]
    assert found.is_cut


@pytest.mark.parametrize("markup", ["{}", "&lt;b>{}&lt;/b>", "{}" + "&lt;br>" * 60_000])
def test_a_text_stays_too_long_when_it_is_cut_to_what_a_crawl_can_wait_for(markup: str) -> None:
    html = f'<p class="review"><i class="body">{markup.format("word " * 70_000)}</i></p>'
    read = Read(reader=["css"], record=".review", fields={"text": ".body"})
    (raw,) = read_records(Page("https://shop.example/", Selector(text=html)), read, REVIEW).raws
    assert MAX_CHARACTERS < len(raw["text"]) <= 2 * MAX_CHARACTERS


def test_a_string_in_json_stays_too_long_when_it_is_cut() -> None:
    review = json.dumps({"@type": "Review", "reviewBody": "word " * 70_000})
    html = f'<script type="application/ld+json">{review}</script>'
    (raw,) = read_records(Page("https://shop.example/", Selector(text=html)), Read(reader=["schema_org"]), REVIEW).raws
    assert MAX_CHARACTERS < len(raw["text"]) <= 2 * MAX_CHARACTERS
