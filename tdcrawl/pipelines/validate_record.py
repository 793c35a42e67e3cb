"""Stage 200."""

from tdcrawl import text
from tdcrawl.extract.dates import is_ambiguous
from tdcrawl.extract.validation import read_record
from tdcrawl.extract.values import ValueRules
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import Kind, TrainingItem


class ValidateRecord(Stage):
    """Turn the scraped strings into a record, or say which field cannot be believed."""

    name = "validate_record"
    fault = "after_validate"

    def process_item(self, item: TrainingItem) -> TrainingItem:
        """Set the record, flag what was cleaned or left out; what cannot be believed fails with its field's reason."""
        values = self.session.profile.read.values
        kind = self.session.record_type
        item.record = read_record(kind, item.raw, ValueRules.of(values, item.fetched_at, asks=self.session.asking.asks))
        if any(is_ambiguous(item.raw.get(name, ""), values.locale) for name in kind.by_kind[Kind.DATE]):
            item.flags.append("ambiguous_date")
        if any(map(text.is_damaged, item.raw.values())):
            item.flags.append("removed_characters")
        return item
