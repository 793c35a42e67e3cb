"""From what flows to what is stored: the rows of the ledger's tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tdcrawl import text
from tdcrawl.outcomes import Bucket, PageState, Rejection
from tdcrawl.records.base import RecordType, TrainingItem

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """Name one crawl of one site."""

    run_id: str
    spider: str
    site: str
    record_type: str
    code_version: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Name one page that a run wants to read: what to fetch, and the one address it stands for."""

    page_id: str
    url: str
    canonical_url: str


def page_row(page: PageRequest, run: Run, now: datetime) -> Row:
    """Build the row of a page that is to be read."""
    return {
        "page_id": page.page_id,
        "run_id": run.run_id,
        "site": run.site,
        "url": page.url,
        "canonical_url": page.canonical_url,
        "state": PageState.PENDING,
        "items_yielded": 0,
        "items_seen_again": 0,
        "scheduled_at": now,
    }


def outcome_row(item: TrainingItem, run: Run, now: datetime) -> Row:
    """Build the outcome of an item that has none yet."""
    return {
        "item_id": item.item_id,
        "run_id": run.run_id,
        "page_id": item.page_id,
        "record_type": item.record_type,
        "site": item.site,
        "bucket": Bucket.PENDING,
        "at": now,
    }


def record_row(item: TrainingItem, record_type: RecordType, run: Run) -> Row:
    """Build what is kept of a valid record, whichever table it goes to."""
    record = item.believed()
    return {
        "record_type": item.record_type,
        "site": item.site,
        "run_id": run.run_id,
        "page_id": item.page_id,
        "group_key": item.group_key,
        "requested_url": item.requested_url,
        "canonical_url": item.canonical_url or item.requested_url,
        "content_hash": item.content_hash or text.content_hash(text.normalise(record_type.same_text(record))),
        "stratum": record_type.stratum(record),
        "data": record.model_dump(mode="json"),
        "flags": item.flags,
        "scraped_at": item.fetched_at,
    }


def labelled_row(item: TrainingItem, record_type: RecordType, run: Run) -> Row:
    """Build what is kept of a record that got as far as having a label."""
    label = item.named()
    named = {"label": label.name, "label_source": label.source, "label_confidence": label.confidence}
    return record_row(item, record_type, run) | named


def label_row(item: TrainingItem) -> Row:
    """Build the row that tells who gave a record its label."""
    label = item.named()
    return {
        "record_id": item.item_id,
        "label": label.name,
        "source": label.source,
        "version": label.version,
        "confidence": label.confidence,
        "at": datetime.now(UTC),
    }


def duplicate_row(row: Row, why: Rejection) -> Row:
    """Add to a kept record what it repeats."""
    return row | {"reason": why.reason, "matched_record_id": why.matched, "score": why.score}


def failed_row(item: TrainingItem, run: Run, stage: str, why: Rejection, evidence: Mapping[str, Any]) -> Row:
    """Build the row of a failed record."""
    return {
        "run_id": run.run_id,
        "record_type": item.record_type,
        "site": item.site,
        "stage": stage,
        "reason": why.reason,
        "requested_url": item.requested_url,
        "canonical_url": item.canonical_url,
        "at": datetime.now(UTC),
        **evidence,
    }
