"""From what flows to what is stored: the rows of the ledger's tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tdcrawl import text
from tdcrawl.outcomes import Bucket, PageState, Rejection
from tdcrawl.personal import hide_emails
from tdcrawl.records.base import Label, RecordType, TrainingItem
from tdcrawl.store.tables import RECORD_COLUMNS

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
    """Name one page that a run wants to read: what to fetch, and the one address it stands for.

    `request` is what else it takes to fetch it and to read what comes, as JSON values; pages of a higher `priority`
    are read first.
    """

    page_id: str
    url: str
    canonical_url: str
    request: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0


def page_row(page: PageRequest, run: Run, now: datetime, position: int) -> Row:
    """Build the row of a page that is to be read; those with a lower position are read first."""
    return {
        "page_id": page.page_id,
        "run_id": run.run_id,
        "site": run.site,
        "url": page.url,
        "canonical_url": page.canonical_url,
        "host": urlsplit(page.url).netloc,
        "priority": page.priority,
        "position": position,
        "request": page.request,
        "attempts": 0,
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
        "reopened": 0,
        "position": item.position,
        "at": now,
    }


def record_row(item: TrainingItem, record_type: RecordType, run: Run) -> Row:
    """Build what is kept of a valid record, whichever table it goes to."""
    record = item.believed()
    return {
        "record_id": item.item_id,
        "record_type": item.record_type,
        "site": item.site,
        "run_id": run.run_id,
        "page_id": item.page_id,
        "group_key": item.group_key,
        "requested_url": hide_emails(item.requested_url),
        "canonical_url": item.canonical_url or hide_emails(item.requested_url),
        "content_hash": item.content_hash or text.content_hash(record_type.sameness(record)),
        "stratum": record_type.stratum(record),
        "data": record.model_dump(mode="json"),
        "flags": item.flags,
        "scraped_at": item.fetched_at,
    }


def with_label(row: Row, label: Label) -> Row:
    """Add to a record its label."""
    return row | {"label": label.name, "label_source": label.source, "label_confidence": label.confidence}


def label_row(record_id: str, label: Label) -> Row:
    """Build the row that tells who gave a record its label."""
    return {
        "record_id": record_id,
        "label": label.name,
        "source": label.source,
        "version": label.version,
        "confidence": label.confidence,
        "at": datetime.now(UTC),
    }


def duplicate_row(row: Row, why: Rejection) -> Row:
    """Turn a record into the duplicate of what its rejection names."""
    matched = {"reason": why.reason, "matched_record_id": why.matched, "score": why.score}
    return _of_item(row) | matched


def surplus_row(row: Row, label: Label) -> Row:
    """Turn a record into a surplus one."""
    return with_label(_of_item(row), label)


def _of_item(row: Row) -> Row:
    shared = {name: value for name, value in row.items() if name in RECORD_COLUMNS}
    return shared | {"item_id": row["record_id"]}


def settled_row(item_id: str, bucket: Bucket, stage: str | None = None, why: Rejection | None = None) -> Row:
    """Build the change of an outcome."""
    reason, detail = (why.reason, why.detail) if why else (None, None)
    now = datetime.now(UTC)
    return {"item": item_id, "place": bucket, "at_stage": stage, "why": reason, "more": detail, "now": now}


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
