"""Scraped strings become typed values, or a list of all that is wrong with them."""

from datetime import UTC, datetime

import pytest

from tdcrawl.extract.validation import read_record
from tdcrawl.extract.values import ValueRules, read_values
from tdcrawl.outcomes import FieldError, Rejection, ValidateReason
from tdcrawl.records.review import REVIEW

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
RULES = ValueRules("en", None, NOON)
RAW = {"product_id": " 17 ", "text": " Pours well\nand keeps its heat.\0 ", "rating": "4"}


def errors(raw: dict[str, str], rules: ValueRules = RULES) -> list[tuple[str, str]]:
    with pytest.raises(Rejection) as rejection:
        read_values(REVIEW, raw, rules)
    assert rejection.value.reason is rejection.value.fields[0].reason
    return [(error.field, error.reason) for error in rejection.value.fields]


def test_values_have_the_types_and_names_of_the_model_when_all_is_well() -> None:
    more = {"date": "2024-03-04", "author": "Ann\n Orr", "language": "EN_us", "title": " ", "worst_rating": "1"}
    assert read_values(REVIEW, RAW | more | {"best_rating": "10"}, RULES) == {
        "product_id": "17",
        "text": "Pours well\nand keeps its heat.",
        "rating": 2.0,
        "rating_value": 4.0,
        "rating_best": 10.0,
        "author": "Ann Orr",
        "reviewed_at": datetime(2024, 3, 4, tzinfo=UTC),
        "language": "en-US",
    }


@pytest.mark.parametrize(
    ("said", "best", "scale", "rating"),
    [("0/10", "", None, 1.0), ("1", "5", None, 1.0), ("4.4", "", 5, 4.4), ("80%", "5", None, 4.0), ("7", "", 10, 3.5)],
)
def test_a_rating_is_brought_to_five_when_it_is_on_another_scale(
    said: str, best: str, scale: float | None, rating: float
) -> None:
    values = read_values(REVIEW, RAW | {"rating": said, "best_rating": best}, ValueRules("en", scale, NOON))
    assert values["rating"] == rating


def test_a_rating_is_neutral_when_it_is_half_way_on_a_scale_below_zero() -> None:
    values = read_values(REVIEW, RAW | {"rating": "0", "best_rating": "1", "worst_rating": "-1"}, RULES)
    assert (values["rating"], values["rating_value"], values["rating_best"]) == (3.0, 0.0, 1.0)


def test_every_bad_field_is_named_when_several_are_bad() -> None:
    raw = {"text": "\u200b \0", "rating": "great", "best_rating": "five", "date": "someday", "label": "positive"}
    assert sorted(errors(raw | {"text": " \0"})) == [
        ("best_rating", ValidateReason.WRONG_TYPE),
        ("date", ValidateReason.BAD_DATE),
        ("label", ValidateReason.UNKNOWN_FIELD),
        ("product_id", ValidateReason.MISSING_FIELD),
        ("rating", ValidateReason.WRONG_TYPE),
        ("text", ValidateReason.MISSING_FIELD),
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rating": ""}, ValidateReason.MISSING_FIELD),
        ({"rating": "80"}, ValidateReason.AMBIGUOUS_SCALE),
        ({"rating": "$19.99"}, ValidateReason.OUT_OF_RANGE),
        ({"rating": "7", "best_rating": "5"}, ValidateReason.OUT_OF_RANGE),
        ({"rating": "0", "best_rating": "5", "worst_rating": "1"}, ValidateReason.OUT_OF_RANGE),
        ({"rating": "0", "best_rating": "5"}, ValidateReason.OUT_OF_RANGE),
    ],
)
def test_the_reason_is_given_when_a_rating_cannot_be_believed(changes: dict[str, str], reason: ValidateReason) -> None:
    assert errors(RAW | changes) == [("rating", reason)]


def test_the_string_is_quoted_in_part_when_it_is_bad() -> None:
    with pytest.raises(Rejection) as rejection:
        read_values(REVIEW, RAW | {"verdict": "x" * 999}, RULES)
    (error,) = rejection.value.fields
    assert error == FieldError("verdict", ValidateReason.UNKNOWN_FIELD, "a review has no such field", "x" * 200)


@pytest.mark.parametrize(
    ("said", "language"),
    [("EN", "en"), ("pt_br", "pt-BR"), ("zh-hans-CN", "zh-Hans-CN"), ("es-419", "es-419"), ("German", "de")],
)
def test_a_language_is_written_as_usual_when_it_is_known(said: str, language: str) -> None:
    assert read_values(REVIEW, RAW | {"language": said}, RULES)["language"] == language


def test_a_language_is_refused_when_it_is_none() -> None:
    assert errors(RAW | {"language": "the usual one"}) == [("language", ValidateReason.WRONG_TYPE)]


def test_the_model_judges_what_the_strings_alone_do_not_show() -> None:
    with pytest.raises(Rejection) as rejection:
        read_record(REVIEW, RAW, RULES)
    assert [(error.field, error.reason) for error in rejection.value.fields] == [("text", ValidateReason.TOO_SHORT)]
