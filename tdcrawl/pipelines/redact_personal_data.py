"""Stage 250."""

from tdcrawl.pipelines.base import Stage
from tdcrawl.privacy import region_of
from tdcrawl.records.base import TrainingItem
from tdcrawl.records.redacting import redacted


class RedactPersonalData(Stage):
    """Replace persons by a keyed hash, and mask e-mail addresses, accounts, phone, card and order numbers in texts."""

    name = "redact_personal_data"

    def process_item(self, item: TrainingItem) -> TrainingItem:
        """Redact the record, and flag what was masked in it."""
        session = self.session
        region = region_of(session.profile.read.values.locale)
        item.record, flags = redacted(item.believed(), session.record_type, session.person_key, region)
        item.flags += flags
        return item
