"""Stage 300."""

from collections.abc import Awaitable
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
    is_limited = False

    def __init__(self, session: Session, settings: Any) -> None:
        super().__init__(session, settings)
        self._claims = Claims()

    def process_item(self, item: TrainingItem) -> TrainingItem | Awaitable[TrainingItem]:
        """Claim the text once no unfinished item holds it; one that repeats a better record is a duplicate of it."""
        holder = self._claim(item)
        return self._once_settled(item, holder) if holder else self._judged(item)

    def settle(self, item: TrainingItem, accepted: bool) -> None:
        """Give up the claim: a record is found in the database."""
        self._claims.release(self.session.content_hash(item), item.item_id)

    def _claim(self, item: TrainingItem) -> str | None:
        return self._claims.claim(self.session.content_hash(item), item.item_id)

    async def _once_settled(self, item: TrainingItem, holder: str | None) -> TrainingItem:
        while holder:
            await self.session.in_flight.settled([holder])
            holder = self._claim(item)
        return self._judged(item)

    def _judged(self, item: TrainingItem) -> TrainingItem:
        similar = self.session.sameness.index.same(self.session.signature(item))
        for match in self.session.judge(item, similar).better:
            if match.likeness is Likeness.EXACT:
                self._claims.release(self.session.content_hash(item), item.item_id)
                raise repeats(match)
        return item
