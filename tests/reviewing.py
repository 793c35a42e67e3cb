"""Records that people are asked about, and a queue of the questions: what tests of the review room share."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select, update

from tdcrawl.outcomes import Bucket, LabelReason, PageState, Rejection
from tdcrawl.records.base import TrainingItem
from tdcrawl.records.review import Review
from tdcrawl.review.queue import Queue
from tdcrawl.store.engine import Engine, writing
from tdcrawl.store.label_tables import review_tasks
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.terms import Terms
from tests.builders import GOOD_TEXT, a_run, an_item, terms

PAGE = PageRequest("page-1", "https://shop.example/p", "https://shop.example/p")
REVIEWING = a_run("review-1", spider="review")
QUARREL = LabelReason.VOTES_DISAGREE


def unnamed(name: str, **fields: str) -> TrainingItem:
    """Build an item that has no rating, so that no rule can name it."""
    record = Review.model_validate({"product_id": "17", "text": f"{GOOD_TEXT} {name}", **fields})
    return replace(an_item(name), record=record, label=None)


def ask(database_url: str, items: Iterable[TrainingItem], why: LabelReason = QUARREL, wanted: int = 1) -> Engine:
    """Have items wait for people, one task each, in their order; for a model where that was not asked."""
    ledger = Ledger.open(database_url, a_run())
    # On a thread of its own: that of a test with a browser has its loop already.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _ask(ledger, list(items), why)).result()
    ledger.finish("finished", {})
    with writing(ledger.engine) as connection:
        connection.execute(update(review_tasks).values(wanted=wanted))
    return ledger.engine


def a_queue(engine: Engine, agreed: Terms | None = None) -> Queue:
    """Open the queue of a review session; it is noon until a test says otherwise."""
    known = agreed or terms(engine)
    return Queue(engine, REVIEWING, lambda _: known, lambda: datetime(2026, 6, 2, 12, tzinfo=UTC))


def tasks(engine: Engine) -> dict[str, int]:
    """Give the tasks by the ids of their items."""
    with engine.connect() as connection:
        return dict(connection.execute(select(review_tasks.c.item_id, review_tasks.c.task_id)).all())


async def _ask(ledger: Ledger, items: list[TrainingItem], why: LabelReason) -> None:
    await ledger.schedule([PAGE])
    await ledger.take(PAGE.page_id, items, 0)
    place = Bucket.PENDING if why is LabelReason.NOT_ASKED else Bucket.NEEDS_REVIEW
    agreed, waits = terms(ledger.engine), Rejection(place, why, "votes: negative; positive")
    for item in items:
        await ledger.reject(item, agreed, "label_record", waits, {})
    await ledger.close_page(PAGE.page_id, PageState.DONE)
