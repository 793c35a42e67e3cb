"""A small invented corpus, written through the ledger as a crawl writes it."""

import asyncio
from datetime import UTC, datetime, timedelta

from tdcrawl.outcomes import PageState
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import TrainingItem, digest
from tdcrawl.store.engine import Engine
from tdcrawl.store.ledger import Ledger, PageRequest
from tests.builders import NOON, a_run, an_item, terms

PRODUCTS = 30
# Seven in ten are positive; one rating needs all the digits that a float has.
RATINGS = (5.0, 5.0, 4.666666666666667, 5.0, 3.0, 5.0, 1.0, 5.0, 2.0, 5.0)


def a_review(number: int) -> TrainingItem:
    """Build the review of that number: of product number % 30, with a date on every second one."""
    # No two texts are alike: copies in several splits would be refused.
    words = " ".join(digest(str(number), str(place))[:7] for place in range(15))
    item = an_item(f"review {number}", words=words, rating=RATINGS[number % len(RATINGS)])
    assert item.record is not None
    dated = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number) if number % 2 else None
    item.group_key = f"product {number % PRODUCTS}"
    item.record = item.record.model_copy(update={"product_id": item.group_key, "reviewed_at": dated})
    item.fetched_at = NOON + timedelta(seconds=number)
    return item


def collect(database_url: str, items: list[TrainingItem]) -> Engine:
    """Write items as the records of one page of a crawl, in their order; returns the open engine."""
    ledger = Ledger.open(database_url, a_run(f"run to {len(items)}"))
    asyncio.run(_accept(ledger, f"page of {len(items)}", items))
    ledger.finish("finished", {})
    return ledger.engine


async def _accept(ledger: Ledger, page_id: str, items: list[TrainingItem]) -> None:
    await ledger.schedule([PageRequest(page_id, "https://shop.example/p", "https://shop.example/p")])
    new = await ledger.take(page_id, items, 0)
    agreed = terms(ledger.engine, kind=RECORD_TYPES[items[0].record_type])
    await asyncio.gather(*(ledger.accept(item, agreed) for item in items if item.item_id in new))
    await ledger.close_page(page_id, PageState.DONE)
