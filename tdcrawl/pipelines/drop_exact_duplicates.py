"""Stage 300."""

from typing import Any

from tdcrawl import text
from tdcrawl.dedup.exact import ExactIndex
from tdcrawl.outcomes import Bucket, DedupReason, Rejection
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem
from tdcrawl.session import Session
from tdcrawl.store import seen


class DropExactDuplicates(Stage):
    """Let one record through for each text: the same words, whatever their case, punctuation or invisible signs."""

    name = "drop_exact_duplicates"

    def __init__(self, session: Session, settings: Any) -> None:
        super().__init__(session, settings)
        self._index = ExactIndex()
        for content_hash, record_id in seen.content_hashes(session.ledger.engine, session.record_type):
            self._index.add(content_hash, record_id)

    async def process_item(self, item: TrainingItem) -> TrainingItem:
        """Claim the text for this item once no unfinished item holds it; a known text makes it a duplicate."""
        item.content_hash = text.content_hash(self.session.normalised(item))
        while (holder := self._index.claim(item.content_hash, item.item_id)) is not None:
            await self.session.in_flight.settled([holder])
        matched = self._index.record_of(item.content_hash)
        if matched is not None:
            detail = f"same text as record {matched}"
            raise Rejection(Bucket.DUPLICATE, DedupReason.EXACT_DUPLICATE, detail, matched=matched, score=1.0)
        return item

    def settle(self, item: TrainingItem, accepted: bool) -> None:
        """Keep the claim on the text for good, or give it up."""
        if item.content_hash is not None:
            self._index.settle(item.content_hash, item.item_id, accepted)
