"""From what flows to what is stored: the rows of the ledger's tables."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tdcrawl import __version__, text
from tdcrawl.outcomes import Bucket, PageState, Rejection
from tdcrawl.personal import hide_emails
from tdcrawl.records.base import RecordType, TrainingItem
from tdcrawl.records.naming import Label
from tdcrawl.store.tables import RECORD_COLUMNS

Row = dict[str, Any]
DECISION = "decision"
VOTE = "vote"
"""The kinds of rows in `labels`."""


@dataclass(frozen=True, slots=True)
class Run:
    """Name one crawl of one site."""

    run_id: str
    spider: str
    site: str
    record_type: str
    code_version: str
    started_at: datetime


def command_run(command: str, record_type: str = "") -> Run:
    """Name one call of a command that writes as a run does: it stands where else a spider is named."""
    return Run(f"{command}-{uuid.uuid4().hex[:16]}", command, "", record_type, __version__, datetime.now(UTC))


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


def addresses(page: PageRequest) -> tuple[str, str]:
    """Give the addresses of a page: the one that is asked for, and the canonical one."""
    return page.url, page.canonical_url


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
        "stratum": record_type.stratum_of(record, item.label.name if item.label else None),
        "data": record.model_dump(mode="json"),
        "flags": item.flags,
        "scraped_at": item.fetched_at,
    }


def with_label(row: Row, label: Label | None) -> Row:
    """Add to a record its label, if it has one."""
    if label is None:
        return row | {"label": None, "label_source": None, "label_confidence": None}
    return row | {"label": label.name, "label_source": label.source, "label_confidence": label.confidence}


def decision_row(record_id: str, label: Label, now: datetime) -> Row:
    """Build the row that tells what a record is called, and who says so."""
    return {
        "record_id": record_id,
        "kind": DECISION,
        "label": label.name,
        "source": label.source,
        "version": label.version,
        "confidence": label.confidence,
        "at": now,
    }


def duplicate_row(row: Row, why: Rejection) -> Row:
    """Turn a record into the duplicate of what its rejection names."""
    matched = {"reason": why.reason, "matched_record_id": why.matched, "score": why.score}
    return item_row(row) | matched


def surplus_row(row: Row, label: Label | None) -> Row:
    """Turn a record into a surplus one."""
    return with_label(item_row(row), label)


def item_row(row: Row) -> Row:
    """Turn a record into what is kept of it as an item that is none."""
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
