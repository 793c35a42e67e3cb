"""Small true-to-life pieces for tests: items, records, sessions."""

from collections.abc import Mapping
from datetime import UTC, datetime

from tdcrawl import text
from tdcrawl.dedup.sameness import Sameness
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.records.base import RecordType, TrainingItem, digest
from tdcrawl.records.review import REVIEW, Review
from tdcrawl.store.engine import Engine
from tdcrawl.store.ledger import Run, Terms

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
GOOD_TEXT = "This kettle boils fast and quietly and has not leaked once in a year of daily use"


def a_run(
    run_id: str = "run-1", site: str = "demo_store", began: datetime = NOON, spider: str = "retailer_reviews"
) -> Run:
    """Build a run."""
    return Run(run_id, spider, site, "review", "0.1.0", began)


def an_item(name: str = "one", page_id: str = "page-1", words: str = GOOD_TEXT, rating: float = 5.0) -> TrainingItem:
    """Build an item that has passed all stages up to the write; a different text for each name."""
    record = Review(product_id="17", text=f"{words} {name}", rating=rating, rating_value=rating, rating_best=5.0)
    return TrainingItem(
        item_id=digest(name),
        record_type="review",
        site="demo_store",
        page_id=page_id,
        requested_url="https://shop.example/product/17?ref=home",
        canonical_url="https://shop.example/product/17",
        fetched_at=NOON,
        group_key="17",
        raw={"text": record.text, "rating": str(rating)},
        record=record,
        label=label_by_rule(REVIEW, record),
        content_hash=text.content_hash(text.normalise(record.text)),
    )


def terms(
    engine: Engine,
    quota: Mapping[str, int] | None = None,
    threshold: float | None = None,
    kind: RecordType = REVIEW,
) -> Terms:
    """Build what a crawl measures records by, knowing all that is stored; without a threshold near copies differ."""
    sameness = Sameness(kind, threshold, label_by_rule)
    sameness.open(engine)
    return Terms(kind, quota or {}, sameness)
