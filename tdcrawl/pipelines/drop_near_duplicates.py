"""Stage 400."""

from typing import Any

from tdcrawl import text
from tdcrawl.dedup.near import Entry, Match, NearIndex
from tdcrawl.outcomes import Bucket, DedupReason, Rejection
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem
from tdcrawl.session import Session
from tdcrawl.setting_values import read_number
from tdcrawl.store import seen


class DropNearDuplicates(Stage):
    """Let one record through of those that say nearly the same with the same label; keep opposites, in one cluster."""

    name = "drop_near_duplicates"

    def __init__(self, session: Session, settings: Any) -> None:
        super().__init__(session, settings)
        self._index = NearIndex(read_number(settings, "TDCRAWL_NEAR_DUPLICATE_THRESHOLD", 0.5, 1))
        for record in seen.texts(session.ledger.engine, session.record_type):
            normalised = text.normalise(record.text)
            self._index.add(self._index.entry(record.record_id, record.cluster_id, record.label, normalised))

    async def process_item(self, item: TrainingItem) -> TrainingItem:
        """Enter the text into the index, unless a record with its label is similar enough to make it a duplicate."""
        label = self.session.record_type.rule(item.believed())
        wanted = self._index.entry(item.item_id, item.item_id, label, self.session.normalised(item))
        matches = await self._settled_matches(wanted)
        for match in matches:
            if match.entry.label == wanted.label:
                raise _near_duplicate(match)
        item.cluster_id = matches[0].entry.cluster_id if matches else item.item_id
        self._index.add(Entry(item.item_id, item.cluster_id, wanted.label, wanted.tokens, wanted.signature))
        return item

    async def _settled_matches(self, wanted: Entry) -> list[Match]:
        while True:
            matches = self._index.matches(wanted)
            alike = [match.entry.item_id for match in matches if match.entry.label == wanted.label]
            unfinished = [item_id for item_id in alike if item_id in self.session.in_flight]
            if not unfinished:
                return matches
            await self.session.in_flight.settled(unfinished)

    def settle(self, item: TrainingItem, accepted: bool) -> None:
        """Leave the text in the index where it became a record."""
        if not accepted:
            self._index.remove(item.item_id)


def _near_duplicate(match: Match) -> Rejection:
    matched, score = match.entry.item_id, match.score
    detail = f"Jaccard {score:.3f} to record {matched}"
    return Rejection(Bucket.DUPLICATE, DedupReason.NEAR_DUPLICATE, detail, matched=matched, score=score)
