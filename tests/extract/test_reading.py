"""The readers of a site tell each record once, and no page makes them raise."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector

from tdcrawl.extract.reading import Page, Reading, read_records
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Read

ALL: dict[str, Any] = {
    "reader": ["schema_org", "embedded_json", "css"],
    "record": "article",
    "fields": {"text": [".body", "body"]},
}
BROKEN = '<script type="application/ld+json">{"@type": "Review", </script>'


def read(html: str) -> Reading:
    return read_records(Page("https://shop.example/", Selector(text=html)), Read(**ALL), REVIEW)


def test_records_are_told_once_when_several_readers_find_them() -> None:
    html = '<article><p class="body">Seen</p></article><article><p class="body">Told</p></article>'
    scripted = "<script>article = [{'body': 'told!'}, {'body': 'Scripted'}]</script>"
    texts = [{"text": text} for text in ("told!", "Scripted", "Seen")]
    assert read(html + scripted) == Reading(texts, ["embedded_json", "css"], [], chosen=Counter({("text", 1): 2}))


def test_problems_are_kept_when_a_later_reader_finds_records() -> None:
    found = read(f'{BROKEN}<article><p class="body">Seen</p></article>')
    assert (found.raws, found.readers) == ([{"text": "Seen"}], ["css"])
    assert [problem.split(":")[0] for problem in found.problems] == ["JSON-LD"]


def test_a_page_is_a_problem_when_it_is_no_html() -> None:
    page = Page("https://shop.example/", Selector(text='{"a": 1}', type="json"))
    assert read_records(page, Read(reader=["schema_org"]), REVIEW).problems == ["the page is json, no HTML"]


@pytest.mark.parametrize("depth", [5_000, 50_000])
@pytest.mark.parametrize("opening", ["[", '{"@type":"Review","a":'])
def test_a_block_is_a_problem_and_hides_no_other_when_it_is_nested_too_deep(opening: str, depth: int) -> None:
    closing = {"[": "]", "{": "}"}[opening[0]]
    deep = f'<script type="application/ld+json">{opening * depth}"Review"{closing * depth}</script>'
    found = read(f'{deep}<script type="application/ld+json">{{"@type": "Review", "reviewBody": "Fine"}}</script>')
    assert [raw["text"] for raw in found.raws] == ["Fine"]
    assert len(found.problems) == 1


def test_a_page_is_a_problem_when_its_items_are_nested_too_deep() -> None:
    node = '<div itemprop="review" itemscope itemtype="https://schema.org/Review"><i itemprop="reviewBody">Fine</i>'
    assert len(read(node * 40).raws) == 1
    assert read(node * 1500).problems == ["microdata: nested more than 40 deep: none is read"]


def test_a_page_is_cut_when_it_is_nested_deeper_than_the_parser_goes() -> None:
    nested = "<div>" * 200_000 + '<article><p class="body">Lost</p></article>'
    lost = "the page is nested deeper than can be read: its rest is lost"
    assert read(nested) == Reading([], [], [lost], is_cut=True)
    found = read(f'<article><p class="body">Seen</p></article>{nested}')
    assert (found.raws, found.readers, found.is_cut) == ([{"text": "Seen"}], ["css"], True)


def test_a_page_is_a_problem_when_a_reader_runs_out_of_stack() -> None:
    names = '{"name": ' * 700 + "1" + "}" * 700
    assert read(f'<script>article = {{"body": {names}}}</script>').problems == ["the page is nested too deep"]


@given(st.text(alphabet='<>{}[]"=:,/ab@&;\n\0script', max_size=80))
def test_nothing_is_raised_when_a_page_is_nonsense(nonsense: str) -> None:
    html = f'<script type="application/ld+json">{nonsense}</script><article itemtype="Review" itemscope>{nonsense}'
    assert isinstance(read(html), Reading)
