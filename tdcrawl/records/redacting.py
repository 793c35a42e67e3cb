"""WHAT of a record is a person's: hidden before anything is kept."""

from tdcrawl import privacy
from tdcrawl.records.base import Record, RecordType


def redacted(
    record: Record, record_type: RecordType, person_key: bytes, region: str | None = None
) -> tuple[Record, list[str]]:
    """Replace persons by a keyed hash and mask texts; gives the record, and flags that say what was masked.

    `region` is the country (ISO 3166) whose national phone numbers are known.
    """
    changed: dict[str, str | None] = {}
    flags: list[str] = []
    for field, hashed in record_type.person_fields.items():
        person = getattr(record, field)
        changed |= {field: None, hashed: privacy.person_hash(person_key, person) if person else None}
    for field in record_type.masked_fields:
        text = getattr(record, field)
        if text:
            changed[field], found = privacy.mask(text, region)
            flags += [f"masked_{what}" for what in sorted(found)]
    return record.model_copy(update=changed), flags
