"""What a page declares is told from what merely stands on it, and why it holds another number is said."""

import json
from typing import Any

import pytest

from tdcrawl.extract.declared import Declared, declared, difference
from tdcrawl.records.review import REVIEW
from tests.probing.pages import a_page


def product(name: str = "Mug", review: object = None, **summary: Any) -> dict[str, Any]:
    thing = {"@type": "Product", "name": name, "aggregateRating": {"@type": "AggregateRating", **summary}}
    return thing | ({"review": review} if review else {})


def said_by(*things: dict[str, Any]) -> Declared | None:
    scripts = (f'<script type="application/ld+json">{json.dumps(thing)}</script>' for thing in things)
    return declared(a_page("".join(scripts)), REVIEW)


@pytest.mark.parametrize(
    ("summary", "number", "counted_by"),
    [
        ({"reviewCount": 44}, 44, "reviewCount"),
        ({"reviewCount": "1,204", "ratingCount": 3000}, 1204, "reviewCount"),
        ({"ratingCount": "7"}, 7, "ratingCount"),
        ({"numberOfReviews": 5, "ratingCount": 7}, 5, "numberOfReviews"),
        ({"reviewCount": "many", "ratingCount": 7}, 7, "ratingCount"),
    ],
)
def test_number_when_a_summary_counts_in_one_way_or_another(
    summary: dict[str, Any], number: int, counted_by: str
) -> None:
    assert said_by(product(bestRating=10, **summary)) == Declared(number, counted_by, "10")


def test_thing_with_records_counts_when_related_things_have_summaries_too() -> None:
    review = {"@type": "Review", "reviewBody": "Fine"}
    assert said_by(product("Mug", review, reviewCount=3), product("Cup", reviewCount=90)) == Declared(
        3, "reviewCount", None
    )


def test_nothing_is_declared_when_a_list_sums_up_several_things_or_none() -> None:
    assert said_by(product("Mug", reviewCount=3), product("Cup", reviewCount=90)) is None
    assert said_by({"@type": "Product", "name": "Mug"}) is None


def test_one_thing_is_declared_when_it_is_described_twice() -> None:
    assert said_by(product(reviewCount=3), product(reviewCount=3)) == Declared(3, "reviewCount", None)


def test_number_when_it_stands_in_microdata() -> None:
    html = (
        '<div itemscope itemtype="https://schema.org/Product"><b itemprop="name">Mug</b>'
        '<p itemprop="aggregateRating" itemscope itemtype="https://schema.org/AggregateRating">'
        '<i itemprop="reviewCount">12</i></p></div>'
    )
    assert declared(a_page(html), REVIEW) == Declared(12, "reviewCount", None)


def test_nothing_is_declared_when_the_summary_is_nested_without_end() -> None:
    deep = '{"name":' * 700 + "1" + "}" * 700
    html = f'<script type="application/ld+json">{{"@type": "AggregateRating", "reviewCount": {deep}}}</script>'
    assert declared(a_page(html), REVIEW) is None


@pytest.mark.parametrize(
    ("found", "with_text", "said", "turns", "loads_more", "why"),
    [
        (3, 3, Declared(3, "reviewCount", None), True, True, None),
        (3, 3, None, True, True, None),
        (3, 1, Declared(3, "reviewCount", None), True, True, "some have no text"),
        (0, 0, Declared(3, "reviewCount", None), True, True, "no reader finds any in the page as it was fetched"),
        (4, 4, Declared(3, "reviewCount", None), True, True, "it holds more than it declares"),
        (2, 2, Declared(3, "reviewCount", None), True, True, "more are on the next pages"),
        (2, 2, Declared(3, "ratingCount", None), False, True, "it counts ratings, and some have no text"),
        (2, 2, Declared(3, "reviewCount", None), False, True, "a button loads more, by a script"),
        (2, 2, Declared(3, "reviewCount", None), False, False, "its markup holds only a part of them"),
    ],
)
def test_difference_when_found_and_declared_are_compared(
    found: int, with_text: int, said: Declared | None, *, turns: bool, loads_more: bool, why: str | None
) -> None:
    assert difference(found, with_text, said, turns, loads_more) == why
