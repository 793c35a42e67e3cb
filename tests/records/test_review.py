"""A review: the label follows from the rating, and nobody can hand one in."""

import pytest
from pydantic import ValidationError

from tdcrawl.records.review import REVIEW, Review

TEN_WORDS = "one two three four five six seven eight nine ten"


def review(**changes: object) -> Review:
    values = {"product_id": "17", "text": TEN_WORDS, "rating": 5.0, "rating_value": 5.0, "rating_best": 5.0}
    return Review.model_validate(values | changes)


@pytest.mark.parametrize(
    ("rating", "label"),
    [
        (1.0, "negative"),
        (2.0, "negative"),
        (2.01, "neutral"),
        (3.0, "neutral"),
        (3.9, "neutral"),
        (4.0, "positive"),
        (5.0, "positive"),
    ],
)
def test_label_follows_from_the_rating(rating: float, label: str) -> None:
    assert review(rating=rating).label == label
    assert REVIEW.rule(review(rating=rating)) == label


def test_label_when_the_caller_hands_one_in() -> None:
    with pytest.raises(ValidationError) as caught:
        review(rating=1.0, label="positive")
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [(("label",), "extra_forbidden")]


@pytest.mark.parametrize(
    ("changes", "field", "kind"),
    [
        ({"text": "one two three four five six seven eight nine"}, "text", "too_short"),
        ({"text": "word " * 12_000}, "text", "string_too_long"),
        ({"text": f"{TEN_WORDS} \N{REPLACEMENT CHARACTER}"}, "text", "bad_encoding"),
        ({"rating": 5.5}, "rating", "less_than_equal"),
        ({"rating": 0.5}, "rating", "greater_than_equal"),
        ({"rating": True}, "rating", "float_type"),
        ({"rating": "5"}, "rating", "float_type"),
        ({"product_id": ""}, "product_id", "string_too_short"),
        ({"product_id": None}, "product_id", "string_type"),
    ],
)
def test_validation_when_a_value_cannot_be_believed(changes: dict[str, object], field: str, kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        review(**changes)
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [((field,), kind)]


def test_word_count_is_that_of_the_script() -> None:
    assert review().word_count == 10
    assert review(text="これは素晴らしい製品です。とても気に入りました").word_count == 11
