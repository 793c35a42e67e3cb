"""Stage 300."""

from typing import Any

from tdcrawl.dedup.exact import Claims
from tdcrawl.likeness import Likeness
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem
from tdcrawl.session import Session
from tdcrawl.store.placement import repeats


class DropExactDuplicates(Stage):
    """Let one record through for each text: the same words, whatever their case, punctuation or invisible signs."""

    name = "drop_exact_duplicates"
    fault = "after_exact_dedup"

    def __init__(self, session: Session, settings: Any) -> None:
        super().__init__(session, settings)
        self._claims = Claims()

    async def process_item(self, item: TrainingItem) -> TrainingItem:
        """Claim the text once no unfinished item holds it; one that repeats a better record is a duplicate of it."""
        content_hash = self.session.content_hash(item)
        while (holder := self._claims.claim(content_hash, item.item_id)) is not None:
            await self.session.in_flight.settled([holder])
        similar = self.session.sameness.index.same(self.session.signature(item))
        for match in self.session.judge(item, similar).better:
            if match.likeness is Likeness.EXACT:
                self._claims.release(content_hash, item.item_id)
                raise repeats(match)
        return item

    def settle(self, item: TrainingItem, accepted: bool) -> None:
        """Give up the claim: a record is found in the database."""
        self._claims.release(self.session.content_hash(item), item.item_id)
