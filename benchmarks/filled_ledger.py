"""A ledger full of invented reviews: as a crawl leaves it, without the crawl."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert

from benchmarks.reviews import invent_reviews
from tdcrawl import text
from tdcrawl.outcomes import Bucket, PageState
from tdcrawl.records.base import digest
from tdcrawl.records.naming import RULE
from tdcrawl.records.review import REVIEW, Review
from tdcrawl.store.engine import Engine, open_engine, writing
from tdcrawl.store.label_tables import labels
from tdcrawl.store.rows import DECISION
from tdcrawl.store.tables import outcomes, pages, records, runs

_AT_A_TIME = 5_000
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_ADDRESS = "https://shop.example/product/"

Row = dict[str, Any]


def fill_ledger(database_url: str, number: int) -> Engine:
    """Store so many records, all different, of one page of one finished run; returns the open engine."""
    engine = open_engine(database_url)
    reviews, written = invent_reviews(number), 0
    with writing(engine) as connection:
        connection.execute(insert(runs), _run())
        connection.execute(insert(pages), _page(number))
        while some := list(islice(reviews, _AT_A_TIME)):
            stored = list(_records(some, written))
            connection.execute(insert(records), stored)
            connection.execute(insert(outcomes), [_outcome(row) for row in stored])
            connection.execute(insert(labels), [_decision(row) for row in stored])
            written += len(stored)
    return engine


def _records(reviews: list[dict[str, str]], first: int) -> Iterator[Row]:
    for place, told in enumerate(reviews, first):
        stars = float(told["rating"])
        record = Review(
            review_id=told["review_id"], product_id=told["product_id"], text=told["text"], title=told["title"],
            author_hash=digest(told["author"], told["product_id"]), rating=stars, rating_value=stars, rating_best=5.0,
            reviewed_at=datetime.fromisoformat(told["date"]).replace(tzinfo=UTC), language="en",
        )  # fmt: skip
        label = REVIEW.rule(record) or ""
        record_id = digest(str(place))
        yield {
            "record_id": record_id, "record_type": "review", "site": "filled", "run_id": "run-1", "page_id": "page-1",
            "group_key": record.product_id, "requested_url": _ADDRESS + told["product_id"],
            "canonical_url": _ADDRESS + told["product_id"], "content_hash": text.content_hash(REVIEW.sameness(record)),
            "stratum": label, "data": record.model_dump(mode="json"), "flags": [],
            "scraped_at": _BEGAN + timedelta(seconds=place), "cluster_id": record_id, "label": label,
            "label_source": RULE, "label_confidence": None,
        }  # fmt: skip


def _run() -> Row:
    return {
        "run_id": "run-1", "spider": "retailer_reviews", "site": "filled", "record_type": "review",
        "code_version": "0", "started_at": _BEGAN, "finished_at": _BEGAN, "finish_reason": "finished", "stats": {},
    }  # fmt: skip


def _page(items: int) -> Row:
    return {
        "page_id": "page-1", "run_id": "run-1", "site": "filled", "url": _ADDRESS, "canonical_url": _ADDRESS,
        "host": "shop.example", "priority": 0, "position": 0, "request": {}, "attempts": 1, "state": PageState.DONE,
        "items_yielded": items, "items_seen_again": 0, "scheduled_at": _BEGAN, "finished_at": _BEGAN,
    }  # fmt: skip


def _outcome(row: Row) -> Row:
    return {
        "item_id": row["record_id"], "run_id": "run-1", "page_id": "page-1", "record_type": "review", "site": "filled",
        "bucket": Bucket.RECORD, "reopened": 0, "at": _BEGAN,
    }  # fmt: skip


def _decision(row: Row) -> Row:
    return {
        "record_id": row["record_id"], "kind": DECISION, "label": row["label"], "source": RULE,
        "version": REVIEW.rule_version, "at": _BEGAN,
    }  # fmt: skip
