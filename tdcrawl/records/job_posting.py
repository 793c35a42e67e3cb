"""A job posting: what an employer looks for and pays; the label follows from pay, experience and title."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, computed_field, model_validator
from pydantic_core import PydanticCustomError

from tdcrawl import text
from tdcrawl.outcomes import ValidateReason
from tdcrawl.records import base
from tdcrawl.records.base import Kind, Record, RecordType
from tdcrawl.records.beliefs import Preference, preference, substantial, undamaged

MAX_CHARACTERS = 50_000
RULE_VERSION = "job-posting-1"
Role = Literal["high_comp_entry", "ml_role", "other"]
_HIGH_PAY = 150_000
_ENTRY_YEARS = 3


class JobPosting(Record):
    """Hold one posting that can be believed.

    `salary_min` and `salary_max` are for a year of full-time work, whatever period the page names (`salary_period`);
    `experience_years` is the least that is asked for. `posted_at` is UTC.
    """

    title: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(undamaged)]
    text: Annotated[str, Field(max_length=MAX_CHARACTERS), AfterValidator(undamaged), AfterValidator(substantial)]
    job_id: Annotated[str, Field(min_length=1, max_length=500)]
    employer: Annotated[str, Field(max_length=500)] | None = None
    location: Annotated[str, Field(max_length=500)] | None = None
    employment_type: Annotated[str, Field(max_length=500)] | None = None
    salary_min: Annotated[float, Field(ge=0)] | None = None
    salary_max: Annotated[float, Field(ge=0)] | None = None
    salary_currency: Annotated[str, Field(max_length=8)] | None = None
    salary_period: Literal["year", "month", "week", "day", "hour"] | None = None
    experience_years: Annotated[float, Field(ge=0, le=60)] | None = None
    posted_at: datetime | None = None
    language: Annotated[str, Field(max_length=35)] | None = None

    @model_validator(mode="after")
    def _least_is_less(self) -> Self:
        if self.salary_min is not None and self.salary_max is not None and self.salary_min > self.salary_max:
            raise PydanticCustomError(ValidateReason.OUT_OF_RANGE.value, "the least salary is more than the most", {})
        return self

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented use
    @property
    def word_count(self) -> int:
        """Count the words of the text."""
        return text.count_words(self.text)

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented use
    @property
    def label(self) -> Role:
        """Derive the role: nobody who hands in a record can set it. What a posting does not tell decides nothing."""
        pay, years = self.salary_max, self.experience_years
        if pay is not None and years is not None and pay > _HIGH_PAY and years <= _ENTRY_YEARS:
            return "high_comp_entry"
        return "ml_role" if "machine learning" in self.title.lower() else "other"


def _same_text(posting: JobPosting) -> str:
    return f"{posting.title}\n{posting.text}"


def _preference(posting: JobPosting, normalised: str) -> Preference:
    named = bool(posting.employer)
    return preference(normalised, posting.posted_at, tells_most=posting.salary_max is not None, named=named)


def _role(posting: JobPosting) -> str:
    return posting.label


JOB_POSTING = RecordType(
    name="job_posting",
    spider="job_postings",
    model=JobPosting,
    fields={
        "job_id": base.Field(Kind.IDENTIFIER, "job_id", ("identifier.value", "identifier", "@id", "url")),
        "employer": base.Field(Kind.NAME, "employer", ("hiringOrganization.name", "hiringOrganization")),
        "title": base.Field(Kind.NAME, "title", ("title", "name")),
        "text": base.Field(Kind.TEXT, "text", ("description",)),
        "location": base.Field(
            Kind.NAME, "location", ("jobLocation.address.addressLocality", "jobLocation.name", "jobLocation.address")
        ),
        "employment_type": base.Field(Kind.NAME, "employment_type", ("employmentType",)),
        "salary": base.Field(Kind.PAY, "salary_max", ("baseSalary.value.value", "baseSalary.value", "baseSalary")),
        "salary_min": base.Field(Kind.PAY_BOUND, "salary_min", ("baseSalary.value.minValue", "baseSalary.minValue")),
        "salary_max": base.Field(Kind.PAY_BOUND, "salary_max", ("baseSalary.value.maxValue", "baseSalary.maxValue")),
        "salary_currency": base.Field(Kind.CURRENCY, "salary_currency", ("baseSalary.currency", "salaryCurrency")),
        "salary_period": base.Field(Kind.PERIOD, "salary_period", ("baseSalary.value.unitText", "baseSalary.unitText")),
        "experience": base.Field(Kind.YEARS, "experience_years"),
        "experience_months": base.Field(
            Kind.MONTHS, "experience_years", ("experienceRequirements.monthsOfExperience",)
        ),
        "date": base.Field(Kind.DATE, "posted_at", ("datePosted",)),
        "language": base.Field(Kind.LANGUAGE, "language", ("inLanguage",)),
    },
    schema_types=frozenset({"JobPosting"}),
    group_field="job_id",
    native_id_field="job_id",
    identity_fields=("title", "location", "text"),
    person_fields={},
    masked_fields=("text", "title"),
    columns=(
        "record_id", "text", "title", "label", "label_source", "label_confidence", "needs_review", "job_id", "employer",
        "location", "employment_type", "salary_min", "salary_max", "salary_currency", "salary_period",
        "experience_years", "source", "url", "word_count", "language", "posted_at", "scraped_at", "cluster_id", "split",
        "sample_weight",
    ),
    labels=("high_comp_entry", "ml_role", "other"),
    rule_version=RULE_VERSION,
    same_text=_same_text,
    preference=_preference,
    rule=_role,
)  # fmt: skip
