"""Stage 400."""

from collections.abc import Awaitable
from typing import Any

from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem
from tdcrawl.session import Session
from tdcrawl.store.placement import repeats


class DropNearDuplicates(Stage):
    """Let the best record through of those that say nearly the same; what says the opposite is none of them."""

    name = "drop_near_duplicates"
    fault = "after_near_dedup"
    is_limited = False

    def __init__(self, session: Session, settings: Any) -> None:
        super().__init__(session, settings)
        self._same = session.sameness
        self._on_the_way: dict[str, TrainingItem] = {}

    def process_item(self, item: TrainingItem) -> TrainingItem | Awaitable[TrainingItem]:
        """Reserve the text in the index, unless a better record says nearly the same."""
        similar = self._same.similar(item.item_id, self.session.signature(item))
        twins = self._twins(item, similar)
        return self._once_settled(item, twins) if twins else self._judged(item, similar)

    def settle(self, item: TrainingItem, accepted: bool) -> None:
        """Leave the text in the index where it became a record."""
        self._on_the_way.pop(item.item_id, None)
        self._same.index.settle(item.item_id, accepted)

    async def _once_settled(self, item: TrainingItem, twins: set[str]) -> TrainingItem:
        while twins:
            await self.session.in_flight.settled(twins)
            similar = self._same.similar(item.item_id, self.session.signature(item))
            twins = self._twins(item, similar)
        return self._judged(item, similar)

    def _judged(self, item: TrainingItem, similar: set[str]) -> TrainingItem:
        judgement = self.session.judge(item, similar)
        if judgement.better:
            raise repeats(judgement.better[0])
        item.replaces = bool(judgement.worse)
        self._same.index.reserve(item.item_id, self.session.signature(item))
        self._on_the_way[item.item_id] = item
        return item

    def _twins(self, item: TrainingItem, similar: set[str]) -> set[str]:
        """Find the unfinished items that this one repeats, or that repeat it."""
        unfinished = similar & self._on_the_way.keys()
        if not unfinished:
            return unfinished
        others = (self.session.text(self._on_the_way[item_id]) for item_id in unfinished)
        judgement = self._same.judge_texts(self.session.text(item), others)
        return {match.record_id for match in (*judgement.better, *judgement.worse)}
