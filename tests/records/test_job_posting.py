"""A job posting: the label follows from pay, experience and title, and nobody can hand one in."""

from datetime import UTC, datetime

import pytest

from tdcrawl.extract.validation import read_record
from tdcrawl.extract.values import ValueRules
from tdcrawl.outcomes import Rejection
from tdcrawl.records.job_posting import JOB_POSTING

RULES = ValueRules("en", None, datetime(2026, 1, 1, tzinfo=UTC))
POSTING = {"job_id": "7", "title": "Data Engineer", "text": "You own the tables that everybody else in here builds on."}


@pytest.mark.parametrize(
    ("told", "label"),
    [
        ({}, "other"),
        ({"title": "Senior MACHINE LEARNING Engineer"}, "ml_role"),
        ({"salary": "$150,001 a year", "experience": "3 years"}, "high_comp_entry"),
        ({"salary": "$150,000 a year", "experience": "3 years"}, "other"),
        ({"salary": "$150,001 a year", "experience": "4 years"}, "other"),
        ({"salary": "$150,001 a year"}, "other"),
        ({"salary": "$90 an hour", "experience_months": "36"}, "high_comp_entry"),
        ({"salary_min": "100000", "salary_max": "160000", "experience": "1"}, "high_comp_entry"),
        ({"title": "Machine learning", "salary": "$160,000", "experience": "1"}, "high_comp_entry"),
    ],
)
def test_label_follows_from_pay_experience_and_title(told: dict[str, str], label: str) -> None:
    assert JOB_POSTING.rule(read_record(JOB_POSTING, POSTING | told, RULES)) == label


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (
            {"salary": "£13.40 an hour"},
            {"salary_min": 27_872, "salary_max": 27_872, "salary_currency": "GBP", "salary_period": "hour"},
        ),
        (
            {"salary_min": "2100", "salary_max": "2300", "salary_period": "MONTH", "salary_currency": "GBP"},
            {"salary_min": 25_200, "salary_max": 27_600, "salary_currency": "GBP", "salary_period": "month"},
        ),
        ({"salary": "45.000 € - 55.000 €"}, {"salary_min": 45_000, "salary_max": 55_000, "salary_currency": "EUR"}),
    ],
)
def test_pay_is_that_of_a_year(told: dict[str, str], read: dict[str, object]) -> None:
    held = read_record(JOB_POSTING, POSTING | told, RULES).model_dump(exclude_none=True)
    assert {name: value for name, value in held.items() if name.startswith("salary")} == read


@pytest.mark.parametrize(
    ("told", "field", "reason"),
    [
        ({"title": ""}, "title", "missing_field"),
        ({"text": "Early hours."}, "text", "too_short"),
        ({"salary": "210"}, "salary", "ambiguous_scale"),
        ({"salary": "competitive"}, "salary", "wrong_type"),
        ({"salary_min": "90000", "salary_max": "80000"}, "", "out_of_range"),
        ({"experience": "70 years"}, "experience_years", "out_of_range"),
        ({"label": "ml_role"}, "label", "unknown_field"),
    ],
)
def test_posting_when_it_cannot_be_believed(told: dict[str, str], field: str, reason: str) -> None:
    with pytest.raises(Rejection) as refused:
        read_record(JOB_POSTING, POSTING | told, RULES)
    assert [(error.field, error.reason) for error in refused.value.fields] == [(field, reason)]


def test_postings_are_the_same_when_title_and_text_are() -> None:
    posting = read_record(JOB_POSTING, POSTING, RULES)
    assert JOB_POSTING.sameness(posting) == "data engineer you own the tables that everybody else in here builds on"
