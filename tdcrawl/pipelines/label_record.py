"""Stage 500."""

from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem


class LabelRecord(Stage):
    """Name the record by its type's rule, never by what the page claims."""

    name = "label_record"
    fault = "after_label"

    def process_item(self, item: TrainingItem) -> TrainingItem:
        """Set the label."""
        item.label = label_by_rule(self.session.record_type, item.believed())
        return item
