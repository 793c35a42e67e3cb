"""Stage 700."""

from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem


class WriteRecord(Stage):
    """Commit record, label, quota seat and outcome in one transaction."""

    name = "write_record"

    async def process_item(self, item: TrainingItem) -> TrainingItem:
        """Return once the record is committed; what another process wrote meanwhile may still refuse it."""
        session = self.session
        seats = session.quota.get(session.record_type.stratum(item.believed()))
        item.named()  # Here an item without a label fails alone; in the writer it would take its batch apart.
        await session.ledger.accept(item, session.record_type, seats)
        item.written = True
        return item
