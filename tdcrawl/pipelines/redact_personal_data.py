"""Stage 250."""

from tdcrawl import privacy
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem


class RedactPersonalData(Stage):
    """Replace persons by a keyed hash, and mask e-mail addresses, phone, card and order numbers in texts."""

    name = "redact_personal_data"

    def process_item(self, item: TrainingItem) -> TrainingItem:
        """Redact the record, and flag what was masked in it."""
        record, kind = item.believed(), self.session.record_type
        changed: dict[str, str | None] = {}
        for field, hashed in kind.person_fields.items():
            person = getattr(record, field)
            changed |= {field: None, hashed: privacy.person_hash(self.session.person_key, person) if person else None}
        for field in kind.masked_fields:
            text = getattr(record, field)
            if text:
                changed[field], found = privacy.mask(text)
                item.flags += [f"masked_{what}" for what in sorted(found)]
        item.record = record.model_copy(update=changed)
        return item
