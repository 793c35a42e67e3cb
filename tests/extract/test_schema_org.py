"""The same review is read from every shape in which schema.org can be written, and from nothing else."""

import json
from typing import Any

import pytest
from parsel import Selector

from tdcrawl.extract.reading import Page, Reading, read_records
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Read

URL = "https://shop.example/product/17"
BODY = "Pours well and keeps its heat."
RATING = {"@type": "Rating", "ratingValue": 4, "bestRating": 5}
REVIEWED: dict[str, Any] = {"@type": "Review", "author": "Ann Orr", "reviewBody": BODY, "reviewRating": RATING}
PRODUCT = {"@type": "Product", "sku": "17", "name": "Kettle"}
RAW = {"author": "Ann Orr", "text": BODY, "rating": "4", "best_rating": "5", "product_id": "17"}

MICRODATA = f"""<div itemscope itemtype="http://schema.org/Product"><meta itemprop="sku" content="17">
<div itemprop="review" itemscope itemtype="http://schema.org/Review"><span itemprop="author">Ann Orr</span>
<p itemprop="reviewBody">{BODY}</p><span itemprop="reviewRating" itemscope itemtype="http://schema.org/Rating">
<i itemprop="ratingValue">4</i>/<i itemprop="bestRating">5</i></span></div></div>"""
RDFA = f"""<div vocab="https://schema.org/" typeof="Product"><i property="sku">17</i>
<div property="review" typeof="Review"><i property="author">Ann Orr</i>
<p property="reviewBody">{BODY}</p><i property="reviewRating" typeof="Rating">
<i property="ratingValue">4</i>/<i property="bestRating">5</i></i></div></div>"""


def script(*blocks: Any, kind: str = "application/ld+json") -> str:
    texts = (block if isinstance(block, str) else json.dumps(block) for block in blocks)
    return "".join(f'<script type="{kind}">{text}</script>' for text in texts)


def read(body: str, **fields: str | list[str]) -> Reading:
    page = Page(URL, Selector(text=f"<html><body>{body}</body></html>"))
    return read_records(page, Read(reader=["schema_org"], fields=fields), REVIEW)


@pytest.mark.parametrize(
    "body",
    [
        script({**PRODUCT, "review": REVIEWED}),
        script({**PRODUCT, "reviews": [REVIEWED]}),
        script([{**PRODUCT, "review": [REVIEWED]}]),
        script({**REVIEWED, "itemReviewed": PRODUCT}),
        script({"@graph": [{**PRODUCT, "@id": "#p"}, {**REVIEWED, "itemReviewed": {"@id": "#p"}}]}),
        script({"@graph": [{**PRODUCT, "review": [{"@id": "#r"}]}, {**REVIEWED, "@id": "#r"}]}),
        script({**PRODUCT, "@id": "#p"}, {**REVIEWED, "itemReviewed": {"@id": "#p"}}),
        script({**PRODUCT, "review": {**REVIEWED, "@type": ["http://schema.org/Review", "CreativeWork"]}}),
        script({**PRODUCT, "review": {**REVIEWED, "author": [{"@type": "Person", "name": "Ann Orr"}]}}),
        script({"@type": "WebPage", "mainEntity": {**PRODUCT, "review": REVIEWED}}, kind="Application/LD+JSON; x=y"),
        script({"schema:reviewBody": BODY, "@type": "schema:Review", "author": "Ann Orr", "reviewRating": RATING,
                "itemReviewed": PRODUCT}),
        MICRODATA,
        RDFA,
    ],
)  # fmt: skip
def test_the_same_strings_are_read_when_the_shape_differs(body: str) -> None:
    found = read(body)
    (raw,) = found.raws
    assert {name: string for name, string in raw.items() if name != "review_id"} == RAW
    assert (found.readers, found.problems) == (["schema_org"], [])


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: f"\ufeff{text}",
        lambda text: f"<!-- {text} -->",
        lambda text: f"//<![CDATA[\n{text}\n//]]>",
        lambda text: f"/* by hand */ {text[:-1]}, }} // end",
        lambda text: text.replace("Pours well and", "Pours well\nand"),
        lambda text: text.replace("Pours", "P\0ours"),
    ],
)
def test_a_block_is_read_when_its_json_is_a_little_damaged(damage: Any) -> None:
    found = read(script(damage(json.dumps({**PRODUCT, "review": REVIEWED}))))
    assert [raw["text"].replace("\n", " ") for raw in found.raws] == [BODY]
    assert found.problems == []


@pytest.mark.parametrize(
    "broken", ['{"@type": "Review", "name": "so "good" it is"}', '{"@type": "Review", "a": {"b": "c']
)
def test_a_block_is_reported_and_hides_no_other_when_it_cannot_be_read(broken: str) -> None:
    found = read(script(broken, {**PRODUCT, "review": REVIEWED}))
    assert [raw["text"] for raw in found.raws] == [BODY]
    (problem,) = found.problems
    assert problem.startswith("JSON-LD: ")
    assert len(problem) < 200


def test_nothing_is_reported_when_an_unreadable_block_is_about_something_else() -> None:
    assert read(script('{"@type": "BreadcrumbList", ')) == Reading([], [], [])


@pytest.mark.parametrize(
    "body",
    [
        script({**PRODUCT, "aggregateRating": {"@type": "AggregateRating", "ratingValue": 4.4, "reviewCount": 9}}),
        script({"@graph": [{"@type": "Review", "@id": "#r"}, {"@type": "Review", "author": "Ann Orr"}]}),
        f"<pre>{json.dumps(REVIEWED)}</pre>",
        "<p itemprop='reviewBody'>of nothing</p>",
        script("null", "[]", '"Review"', ""),
    ],
)
def test_no_record_is_found_when_the_page_holds_none(body: str) -> None:
    assert read(body) == Reading([], [], [])


def test_one_record_is_read_when_a_review_is_told_twice() -> None:
    dated = {**REVIEWED, "datePublished": "2024-08-09"}
    to_the_second = {**REVIEWED, "datePublished": "2024-08-09T06:22:30+00:00"}
    page = {"@type": "Recipe", "name": "Kettle soup", "review": [to_the_second]}
    found = read(script({**PRODUCT, "review": [dated, dated]}, page) + MICRODATA + RDFA)
    assert found.raws == [{**RAW, "date": "2024-08-09"}]


def test_both_records_are_read_when_one_text_has_two_authors_or_another_syntax_knows_more() -> None:
    other = {**REVIEWED, "author": "Bo Lind"}
    third = MICRODATA.replace(BODY, "Too small for me.")
    found = read(script({**PRODUCT, "review": [REVIEWED, other]}) + third)
    assert [(raw["author"], raw["text"]) for raw in found.raws] == [
        ("Ann Orr", BODY),
        ("Bo Lind", BODY),
        ("Ann Orr", "Too small for me."),
    ]


def test_no_id_is_given_when_all_reviews_carry_the_same_one() -> None:
    reviews = [{**REVIEWED, "@id": "#review", "author": name} for name in ("Ann Orr", "Bo Lind")]
    found = read(script({**PRODUCT, "review": reviews}))
    assert [(raw["author"], raw.get("review_id")) for raw in found.raws] == [("Ann Orr", None), ("Bo Lind", None)]


def test_a_record_keeps_its_identity_when_rdfa_names_its_nodes_anew() -> None:
    assert read(RDFA).raws == read(RDFA).raws == [RAW]


def test_broken_records_are_read_when_they_have_a_text_or_a_rating() -> None:
    found = read(script({"@type": "Review", "reviewBody": BODY}, {"@type": "Review", "reviewRating": 3}))
    assert found.raws == [{"text": BODY}, {"rating": "3"}]


def test_escaped_html_becomes_text_when_it_stands_in_json() -> None:
    body = "&quot;Well&quot; made &amp;amp; <b>solid</b>.<br />I &lt;3 it, R&D&notes too."
    (raw,) = read(script({**REVIEWED, "reviewBody": body})).raws
    assert raw["text"] == '"Well" made & solid.\nI <3 it, R&D&notes too.'


def test_a_site_file_has_the_first_word_when_it_names_key_paths() -> None:
    review = {**REVIEWED, "verdict": {"of": "editors"}, "pros": "Light."}
    (raw,) = read(script({**PRODUCT, "review": review}), text=["cons", "pros"], editor_label="verdict.of").raws
    assert (raw["text"], raw["editor_label"], raw["rating"]) == ("Light.", "editors", "4")


def test_a_list_is_not_what_a_review_is_about_when_it_only_lists_it() -> None:
    listed = {
        "@type": "ItemList",
        "name": "Best of",
        "itemListElement": [{"@type": "ListItem", "name": "1", "item": REVIEWED}],
    }
    assert "product_id" not in read(script(listed)).raws[0]
