"""Records out of what was stored of them: as the model itself would make them."""

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import Record
from tdcrawl.records.job_posting import JobPosting
from tdcrawl.records.reading_back import read_back
from tdcrawl.records.review import REVIEW, Review

WORDS = "words enough to be a review of something that was bought"
STORED = (
    Review(product_id="p", text=WORDS, rating=2.0, reviewed_at=datetime(2026, 1, 1, tzinfo=UTC)),
    JobPosting(title="Machine Learning Engineer", text=WORDS, job_id="j", salary_max=160_000.0, experience_years=1.0),
)


@pytest.mark.parametrize("record", STORED)
def test_a_record_is_read_as_its_model_makes_it(record: Record) -> None:
    data = record.model_dump(mode="json")
    made, read = type(record).model_construct(**data), read_back(type(record), data)
    names = [*type(record).model_fields, *type(record).model_computed_fields]
    assert {name: getattr(read, name) for name in names} == {name: getattr(made, name) for name in names}
    (kind,) = [kind for kind in RECORD_TYPES.values() if kind.model is type(record)]
    assert (kind.sameness(read), kind.rule(read)) == (kind.sameness(made), kind.rule(made))


def test_what_was_not_stored_is_as_by_default_and_a_label_cannot_be_handed_in() -> None:
    read = REVIEW.stored({"text": WORDS, "label": "positive", "rating": 1.0})
    assert (read.title, read.label) == (None, "negative")  # type: ignore[attr-defined]  # a review
    assert isinstance(read, BaseModel)
    with pytest.raises(AttributeError):
        _ = read.product_id  # type: ignore[attr-defined]  # it has no default
