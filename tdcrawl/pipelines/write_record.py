"""Stage 700."""

from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem


class WriteRecord(Stage):
    """Commit record, label, quota seat and outcome in one transaction."""

    name = "write_record"
    is_limited = False

    async def process_item(self, item: TrainingItem) -> TrainingItem:
        """Return once the record is committed; what another process wrote meanwhile may still refuse it."""
        item.named()  # Here an item without a label fails alone; in the writer it would take its batch apart.
        item.moves = await self.session.ledger.accept(item, self.session.terms)
        item.written = True
        return item
