"""The training columns: typed by the model, and the same row out of every store."""

from datetime import UTC, datetime

import pytest

from tdcrawl.records.base import Record
from tdcrawl.records.columns import ColumnType, _model_column, columns_of, to_json, training_row, typed
from tdcrawl.records.review import REVIEW


class Odd(Record):
    """Hold what no store has a column for."""

    tags: list[str]
    either: int | str


def test_columns_of_a_review_are_those_of_the_contract_and_typed() -> None:
    assert {name: kind.value for name, kind in columns_of(REVIEW).items()} == {
        "record_id": "text", "text": "text", "rating": "number", "label": "text", "label_source": "text",
        "label_confidence": "number", "needs_review": "boolean", "product_id": "text", "source": "text", "url": "text",
        "word_count": "integer", "language": "text", "author_hash": "text", "reviewed_at": "time", "scraped_at": "time",
        "cluster_id": "text", "split": "text", "sample_weight": "number",
    }  # fmt: skip
    assert list(columns_of(REVIEW)) == list(REVIEW.columns)


@pytest.mark.parametrize("name", ["tags", "either"])
def test_a_column_of_a_type_that_no_store_has(name: str) -> None:
    with pytest.raises(TypeError, match=f"Odd.{name}: .* is no type of a training column"):
        _model_column(Odd, name)


def test_typed_reads_times_as_utc_and_whole_numbers_as_floats() -> None:
    columns = {"at": ColumnType.TIME, "rating": ColumnType.NUMBER, "gained_since": ColumnType.TEXT}
    row = typed({"at": "2026-06-01T14:00:00+02:00", "rating": 5}, columns)
    assert row == {"at": datetime(2026, 6, 1, 12, tzinfo=UTC), "rating": 5.0, "gained_since": None}
    assert to_json(row) == '{"at":"2026-06-01T12:00:00Z","rating":5.0,"gained_since":null}'


def test_training_row_takes_the_envelope_over_the_model() -> None:
    stored = {
        "record_id": "a1", "label": "neutral", "label_source": "person", "label_confidence": 0.9, "site": "shop",
        "canonical_url": "https://shop.example/p", "scraped_at": datetime(2026, 6, 1, tzinfo=UTC), "cluster_id": "a1",
        "data": {"text": "…", "label": "positive"}, "flags": ["rating_text_conflict"],
    }  # fmt: skip
    row = training_row(stored, columns_of(REVIEW), "test")
    assert (row["label"], row["label_source"], row["split"], row["source"]) == ("neutral", "person", "test", "shop")
    assert row["needs_review"] is False
    assert (row["needs_review"], row["sample_weight"], row["url"]) == (False, 1.0, "https://shop.example/p")
