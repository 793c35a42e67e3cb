"""Stage 600."""

from collections.abc import Awaitable, Collection

from tdcrawl.outcomes import Bucket, QuotaReason, Rejection
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem


class EnforceQuota(Stage):
    """Reserve a seat in the record's stratum; what comes when all are taken is surplus, kept apart."""

    name = "enforce_quota"
    fault = "after_quota_reserve"
    is_limited = False

    def process_item(self, item: TrainingItem) -> TrainingItem | Awaitable[TrainingItem]:
        """Reserve a seat, waiting where the last ones are spoken for but not yet taken."""
        if item.replaces:
            return item  # It gets the seat of the record that it replaces; the write knows whether there is one.
        others = self._reserve(item)
        return self._once_settled(item, others) if others else item

    def settle(self, item: TrainingItem, accepted: bool) -> None:
        """Take the seat, or set it free."""
        self.session.seats.settle(self.session.stratum(item), item.item_id, accepted)
        for move in item.moves:
            self.session.seats.change(move.stratum, (move.entered is Bucket.RECORD) - (move.left is Bucket.RECORD))

    def _reserve(self, item: TrainingItem) -> Collection[str]:
        """Reserve a seat; gives the unfinished items to wait for where there may be one, raises where there is none."""
        stratum = self.session.stratum(item)
        if self.session.seats.is_full(stratum):
            detail = f"all {self.session.seats.seats[stratum]} seats of {stratum} are taken"
            raise Rejection(Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL, detail)
        return self.session.seats.reserve(stratum, item.item_id)

    async def _once_settled(self, item: TrainingItem, others: Collection[str]) -> TrainingItem:
        while others:
            await self.session.in_flight.settled(others)
            others = self._reserve(item)
        return item
