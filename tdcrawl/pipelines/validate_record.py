"""Stage 200."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, lru_cache

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
        kind, rules = self.session.record_type, self._rules(item.fetched_at)
        item.record = read_record(kind, item.raw, rules)
        if any(is_ambiguous(item.raw.get(name, ""), rules.locale) for name in kind.by_kind[Kind.DATE]):
            item.flags.append("ambiguous_date")
        if text.is_damaged("".join(item.raw.values())):
            item.flags.append("removed_characters")
        return item

    @cached_property
    def _rules(self) -> Callable[[datetime], ValueRules]:
        values, asks = self.session.profile.read.values, self.session.asking.asks
        # The items of a page share theirs.
        return lru_cache(lambda fetched_at: ValueRules.of(values, fetched_at, asks=asks))
