"""WHAT a failed record keeps: the item as it was, what was wrong with it, and nobody's personal data."""

from typing import Any

from tdcrawl import privacy, text
from tdcrawl.outcomes import FieldError, Rejection
from tdcrawl.privacy import mask_error
from tdcrawl.records.base import RecordType, TrainingItem

_KEPT_CHARACTERS = 10_000


def masked(why: Rejection, region: str | None = None) -> Rejection:
    """Mask the personal data that a rejection may quote from the page, which is written as in a country (ISO 3166)."""
    fields = [
        FieldError(
            error.field,
            error.reason,
            mask_error(error.message, region),
            None if error.value is None else mask_error(error.value, region),
        )
        for error in why.fields
    ]
    return Rejection(
        why.bucket, why.reason, mask_error(why.detail, region), fields=fields, matched=why.matched, score=why.score
    )


def evidence(
    item: TrainingItem, record_type: RecordType, why: Rejection, person_key: bytes, region: str | None = None
) -> dict[str, Any]:
    """Build what a failed record keeps of its item, its addresses included, from a masked rejection.

    `region` is the country (ISO 3166) whose national phone numbers are known.
    """
    raw = {name: _cut(text.clean(value)) for name, value in item.raw.items()}
    errors = [
        {"field": error.field, "reason": error.reason, "message": error.message, "value": error.value}
        for error in why.fields
    ]
    return {
        "errors": errors,
        "message": why.detail,
        "requested_url": _mask_address(item.requested_url),
        "canonical_url": item.canonical_url and _mask_address(item.canonical_url),
        "item": privacy.mask_fields(raw, record_type.person_fields, person_key, region),
    }


def _cut(value: str) -> str:
    # Enough to see what was wrong; a value of megabytes would only make the feed unreadable, and masking slow.
    return value if len(value) <= _KEPT_CHARACTERS else f"{value[:_KEPT_CHARACTERS]}… ({len(value)} characters)"


def _mask_address(url: str) -> str:
    masked, found = privacy.mask(url.replace("%40", "@"))
    return masked if found else url
