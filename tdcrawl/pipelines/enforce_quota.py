"""Stage 600."""

from typing import Any

from tdcrawl.balance.quota import SeatBook
from tdcrawl.outcomes import Bucket, QuotaReason, Rejection
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem
from tdcrawl.session import Session
from tdcrawl.store.seats import all_seats


class EnforceQuota(Stage):
    """Reserve a seat in the record's stratum; what comes when all are taken is surplus, kept apart."""

    name = "enforce_quota"
    fault = "after_quota_reserve"

    def __init__(self, session: Session, settings: Any) -> None:
        super().__init__(session, settings)
        self._book = SeatBook(session.quota, all_seats(session.ledger.engine, session.record_type.name))

    async def process_item(self, item: TrainingItem) -> TrainingItem:
        """Reserve a seat, waiting where the last ones are spoken for but not yet taken."""
        stratum = self._stratum(item)
        if item.replaces:
            return item  # It gets the seat of the record that it replaces; the write knows whether there is one.
        while not self._book.is_full(stratum):
            others = self._book.reserve(stratum, item.item_id)
            if not others:
                return item
            await self.session.in_flight.settled(others)
        detail = f"all {self._book.seats[stratum]} seats of {stratum} are taken"
        raise Rejection(Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL, detail)

    def settle(self, item: TrainingItem, accepted: bool) -> None:
        """Take the seat, or set it free."""
        self._book.settle(self._stratum(item), item.item_id, accepted)
        for move in item.moves:
            self._book.change(move.stratum, (move.entered is Bucket.RECORD) - (move.left is Bucket.RECORD))

    def _stratum(self, item: TrainingItem) -> str:
        return self.session.record_type.stratum(item.believed())
