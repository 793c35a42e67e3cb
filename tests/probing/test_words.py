"""A key or a class names the fields whose words are in it."""

import pytest

from tdcrawl.probing.words import named_by, words
from tdcrawl.records.review import REVIEW


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("reviewBody", {"review", "body", "reviewbody"}),
        ("review__stars", {"review", "star", "review__stars"}),
        ("HTMLText2", {"html", "text", "2", "htmltext2"}),
    ],
)
def test_words_when_a_name_is_written_in_one_way_or_another(name: str, parts: set[str]) -> None:
    assert words(name) == parts


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("best-rating", ["best_rating"]),
        ("review-title", ["title"]),
        ("brandId", []),
        ("id", ["review_id"]),
        ("price", []),
    ],
)
def test_fields_when_a_name_may_mean_them(name: str, fields: list[str]) -> None:
    assert [field for field, _ in named_by(name, REVIEW)] == fields


def test_name_is_surer_when_it_says_little_else_and_has_the_surer_word() -> None:
    unsure = [dict(named_by(name, REVIEW))["text"] for name in ("body", "review-body", "text", "full-text", "content")]
    assert unsure == sorted(set(unsure))
