"""The embedded_json reader takes records from the data of a page's own scripts."""

from typing import Any

import pytest
from parsel import Selector

from tdcrawl.extract.reading import Page, Reading, read_records
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Read

DATA = '{"reviews": [{"body": "Pours well.", "stars": {"value": 4}, "ok": true}, {"body": ["", "Light."]}, {"ad": 1}]}'
RAWS = [{"text": "Pours well.", "rating": "4"}, {"text": "Light."}]


def read(html: str, record: str = "__SHOP__.reviews", **fields: str | list[str]) -> Reading:
    fields = fields or {"text": ["comment", "body"], "rating": "stars.value"}
    rules: dict[str, Any] = {"reader": "embedded_json", "record": record, "fields": fields}
    return read_records(Page("https://shop.example/", Selector(text=html)), Read(**rules), REVIEW)


@pytest.mark.parametrize(
    "html",
    [
        f"<script>window.__SHOP__ = {DATA};</script>",
        f'<script>window["__SHOP__"]={DATA}; other = {{}}</script>',
        f"<script>window.__SHOP__ = window.__SHOP__ || {{}}; var __SHOP__ = {DATA}</script>",
        f'<script type="application/json" id="__SHOP__">{DATA}</script>',
        "<script>let __SHOP__ = {reviews: [{body: 'Pours well.', stars: {value: 4,},}, {body: `Light.`}]}//</script>",
    ],
)
def test_records_are_read_when_a_script_holds_them(html: str) -> None:
    assert read(html) == Reading(RAWS, ["embedded_json"], [])


def test_records_are_read_when_they_lie_deep() -> None:
    html = f'<script id="__NEXT__">{{"props": {{"pages": [{{"data": {DATA}}}]}}}}</script>'
    assert read(html, "__NEXT__.props.pages.data.reviews").raws == RAWS


@pytest.mark.parametrize("html", ["<p>None</p>", f"<script>my__SHOP__ = {DATA}; if (__SHOP__ == {DATA}) 0</script>"])
def test_nothing_is_found_or_wrong_when_no_script_has_the_name(html: str) -> None:
    assert read(html) == Reading([], [], [])


def test_the_place_is_quoted_when_the_script_is_cut_off() -> None:
    found = read(f"<script>window.__SHOP__ = {DATA[:40]}</script>")
    assert found.raws == []
    (problem,) = found.problems
    assert problem.startswith("embedded_json: __SHOP__: Error parsing input near character 40: ")
    assert problem.endswith(repr(DATA[:40]))


def test_a_changed_page_is_a_problem_when_records_have_none_of_the_fields() -> None:
    found = read(f"<script>window.__SHOP__ = {DATA};</script>", text="renamed")
    assert found.problems == ["embedded_json: 3 records at __SHOP__.reviews, and none of [read.fields] is in any"]
