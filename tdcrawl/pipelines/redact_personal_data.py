"""Stage 250."""

from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem
from tdcrawl.records.redacting import redacted


class RedactPersonalData(Stage):
    """Replace persons by a keyed hash, and mask e-mail addresses, phone, card and order numbers in texts."""

    name = "redact_personal_data"

    def process_item(self, item: TrainingItem) -> TrainingItem:
        """Redact the record, and flag what was masked in it."""
        item.record, flags = redacted(item.believed(), self.session.record_type, self.session.person_key)
        item.flags += flags
        return item
