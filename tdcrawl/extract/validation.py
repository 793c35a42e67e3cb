"""From scraped strings to a record that can be believed, or the list of what cannot."""

from typing import Any

from pydantic import ValidationError

from tdcrawl.extract.values import ValueRules, read_values
from tdcrawl.outcomes import FieldError, Rejection, ValidateReason, failed
from tdcrawl.records.base import Raw, Record, RecordType

_REASONS = {
    "missing": ValidateReason.MISSING_FIELD,
    "string_too_short": ValidateReason.MISSING_FIELD,
    "string_too_long": ValidateReason.TOO_LONG,
    "less_than_equal": ValidateReason.OUT_OF_RANGE,
    "greater_than_equal": ValidateReason.OUT_OF_RANGE,
    "extra_forbidden": ValidateReason.UNKNOWN_FIELD,
}
_QUOTED = 200


def read_record(record_type: RecordType, raw: Raw, rules: ValueRules) -> Record:
    """Read the scraped strings of one item and validate them; raises Rejection with one error for each bad field."""
    values = read_values(record_type, raw, rules)
    try:
        return record_type.model.model_validate(values)
    except ValidationError as error:
        raise failed([_field_error(problem) for problem in error.errors()]) from error


def rejection_of(record_type: RecordType, raw: Raw, rules: ValueRules) -> Rejection | None:
    """Give what the scraped strings of an item are rejected for; None where they make a record."""
    try:
        read_record(record_type, raw, rules)
    except Rejection as rejection:
        return rejection
    return None


def _field_error(problem: Any) -> FieldError:
    field = ".".join(str(part) for part in problem["loc"])
    kind = problem["type"]
    # The models raise some reasons themselves, under their own name; all else is a value of the wrong type.
    reason = _REASONS.get(kind) or (ValidateReason(kind) if kind in set(ValidateReason) else ValidateReason.WRONG_TYPE)
    held = None if reason is ValidateReason.MISSING_FIELD else str(problem["input"])[:_QUOTED]
    return FieldError(field, reason, problem["msg"], held)
