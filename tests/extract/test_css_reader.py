"""The css reader takes from each node what the site file's selectors say."""

from collections import Counter
from typing import Any

from parsel import Selector

from tdcrawl.extract.reading import Page, Reading, read_records
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Read

HTML = """<html><body><h1 data-sku=" 17 ">Kettle</h1>
<article class="review" data-id="a1"><p class="body">Pours
   well.</p><b class="stars" title="4 of 5"></b></article>
<article class="review"><div class="text"><!-- new --><p>Light <i>and</i> quiet.</p><p>Would buy<br>again.</p>
<style>.x{color:red}</style></div></article>
<article class="review advert"><a href="/x">Buy now</a></article></body></html>"""
FIELDS: dict[str, Any] = {
    "text": [".body", ".text"],
    "rating": ".stars::attr(title)",
    "review_id": "article::attr(data-id)",
    "title": ".missing::text",
}


def read(html: str = HTML, **changes: Any) -> Reading:
    rules = {"reader": "css", "record": "article.review", "fields": FIELDS, **changes}
    return read_records(Page("https://shop.example/", Selector(text=html)), Read(**rules), REVIEW)


def test_each_node_is_a_record_when_a_field_is_in_it() -> None:
    found = read(page_fields={"product_id": ["h1::attr(id)", "h1::attr(data-sku)"]})
    assert found == Reading(
        [
            {"product_id": " 17 ", "text": "Pours well.", "rating": "4 of 5", "review_id": "a1"},
            {"product_id": " 17 ", "text": "Light and quiet.\n\nWould buy\nagain."},
        ],
        ["css"],
        [],
        # Of the fields with several selectors, which of them was the one.
        chosen=Counter({("text", 1): 1, ("text", 2): 1, ("product_id", 2): 1}),
    )


def test_the_next_selector_is_tried_when_one_finds_only_space() -> None:
    html = '<article class="review"><p class="body"> </p><p class="text">Fine</p></article>'
    assert read(html).raws == [{"text": "Fine"}]


def test_a_changed_page_is_a_problem_when_nodes_match_and_no_field_does() -> None:
    found = read(fields={"text": ".renamed"})
    assert (found.raws, found.readers) == ([], [])
    assert found.problems == ["css: 3 nodes match 'article.review', and none of [read.fields] is in any"]


def test_nothing_is_wrong_when_a_page_has_no_such_node() -> None:
    assert read("<p>Our catalogue</p>") == Reading([], [], [])


def test_the_text_of_a_node_is_its_first_when_text_nodes_are_asked_for() -> None:
    html = '<article class="review"><p class="body">Hello <b>big</b> world</p></article>'
    assert read(html, fields={"text": ".body::text"}).raws == [{"text": "Hello "}]
