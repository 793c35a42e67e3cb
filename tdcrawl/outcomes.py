"""Where an item or a page can end, and the closed lists of reasons why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Bucket(StrEnum):
    """Name the six places an item can be; each yielded item is in exactly one."""

    RECORD = "record"
    DUPLICATE = "duplicate"
    FAILED = "failed"
    OVER_QUOTA = "over_quota"
    NEEDS_REVIEW = "needs_review"
    PENDING = "pending"


class PageState(StrEnum):
    """Name the four states of a scheduled page."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class ValidateReason(StrEnum):
    """Say why a record cannot be believed."""

    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    AMBIGUOUS_SCALE = "ambiguous_scale"
    BAD_DATE = "bad_date"
    BAD_ENCODING = "bad_encoding"
    UNKNOWN_FIELD = "unknown_field"


class DedupReason(StrEnum):
    """Say how a text was seen before."""

    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"


class LabelReason(StrEnum):
    """Say why a record has no label yet: it waits for a model, or for people."""

    NOT_ASKED = "not_asked"
    BUDGET_SPENT = "budget_spent"
    LABEL_FAILED = "label_failed"
    VOTES_DISAGREE = "votes_disagree"
    SUSPECTED_INJECTION = "suspected_injection"
    RATING_TEXT_CONFLICT = "rating_text_conflict"


class QuotaReason(StrEnum):
    """Say why a good record is surplus."""

    QUOTA_FULL = "quota_full"


class AnyStageReason(StrEnum):
    """Say that a stage itself broke."""

    STAGE_ERROR = "stage_error"


class EraseReason(StrEnum):
    """Say that nothing of an item may be kept."""

    ERASED = "erased"


class PageReason(StrEnum):
    """Say why a page gave no records, or was not fetched."""

    HTTP_STATUS = "http_status"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TOO_LARGE = "too_large"
    BLOCKED = "blocked"
    FEWER_THAN_DECLARED = "fewer_than_declared"
    FIELD_LOST = "field_lost"
    ROBOTS_DISALLOWED = "robots_disallowed"
    OPTED_OUT = "opted_out"
    OFF_SITE = "off_site"
    FORBIDDEN_ADDRESS = "forbidden_address"
    SAME_PAGE = "same_page"
    SUPERSEDED = "superseded"
    TRAP = "trap"
    TLS = "tls"
    PARSE_ERROR = "parse_error"
    ERASED = "erased"


Reason = ValidateReason | DedupReason | LabelReason | QuotaReason | AnyStageReason | EraseReason


@dataclass(frozen=True, slots=True)
class FieldError:
    """Say what was wrong with one scraped field, and what it held."""

    field: str
    reason: Reason
    message: str
    value: str | None = None


class Rejection(Exception):
    """Stop an item at a stage: not a fault of the program but a fact about the data.

    `bucket` is where the item goes. `matched` and `score` (exact Jaccard similarity, 0-1) belong to duplicates:
    the id of the record it repeats. `fields` are the field errors of a failed validation.
    """

    def __init__(
        self,
        bucket: Bucket,
        reason: Reason,
        detail: str,
        *,
        fields: Sequence[FieldError] = (),
        matched: str | None = None,
        score: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.bucket = bucket
        self.reason = reason
        self.detail = detail
        self.fields = tuple(fields)
        self.matched = matched
        self.score = score


@dataclass(frozen=True, slots=True)
class Move:
    """Say that an item of some run left one bucket for another: a better copy came, or its better copy left."""

    item_id: str
    run_id: str
    stratum: str
    left: Bucket
    entered: Bucket


def failed(fields: Sequence[FieldError]) -> Rejection:
    """Build the rejection of a record from its field errors: the first one names the reason."""
    return Rejection(
        Bucket.FAILED,
        fields[0].reason,
        "; ".join(f"{error.field}: {error.message}" for error in fields),
        fields=fields,
    )


class PageRejection(Exception):
    """Say that a page gave less than it should, or nothing, and why: a fact about the page, not about the program."""

    def __init__(self, state: PageState, reason: PageReason, detail: str) -> None:
        super().__init__(detail)
        self.state = state
        self.reason = reason
        self.detail = detail


class NotReadError(Exception):
    """Say that a page was given back unread: it stays pending."""
