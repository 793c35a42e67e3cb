"""Stage 200."""

from tdcrawl import text
from tdcrawl.extract.validation import read_record
from tdcrawl.extract.values import ValueRules
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem


class ValidateRecord(Stage):
    """Turn the scraped strings into a record, or say which field cannot be believed."""

    name = "validate_record"
    fault = "after_validate"

    def process_item(self, item: TrainingItem) -> TrainingItem:
        """Set the record, and flag what was cleaned; a string that cannot be believed fails with its field's reason."""
        values = self.session.profile.read.values
        rules = ValueRules(values.locale, values.rating_scale, item.fetched_at)
        item.record = read_record(self.session.record_type, item.raw, rules)
        if any(map(text.is_damaged, item.raw.values())):
            item.flags.append("removed_characters")
        return item
