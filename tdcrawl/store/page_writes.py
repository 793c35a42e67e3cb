"""The writes that follow a page: scheduled, its items taken, closed. Each takes all that came at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, insert, select, update

from tdcrawl.outcomes import Bucket, PageReason, PageState
from tdcrawl.records.base import TrainingItem
from tdcrawl.store.rows import PageRequest, Run, outcome_row, page_row
from tdcrawl.store.tables import outcomes, pages, runs

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_KNOWN_PAGES = select(pages.c.page_id).where(pages.c.page_id.in_(_IDS))
_OPEN_PAGES = _KNOWN_PAGES.where(pages.c.state == PageState.PENDING)
_BUCKETS = select(outcomes.c.item_id, outcomes.c.bucket).where(outcomes.c.item_id.in_(_IDS))
_COUNT_ITEMS = (
    update(pages)
    .where(pages.c.page_id == bindparam("page"))
    .values(
        items_yielded=pages.c.items_yielded + bindparam("new"),
        items_seen_again=pages.c.items_seen_again + bindparam("again"),
    )
)
_CLOSE = (
    update(pages)
    .where(pages.c.page_id == bindparam("page"))
    .values(state=bindparam("end"), reason=bindparam("why"), detail=bindparam("more"), finished_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Yield:
    """Hold what a page yielded, and how many more of it are known to be seen again."""

    run: Run
    page_id: str
    items: Sequence[TrainingItem]
    seen_again: int


@dataclass(frozen=True, slots=True)
class End:
    """Say how a page ended."""

    page_id: str
    state: PageState
    reason: str | None
    detail: str | None


def supersede(connection: Connection, run: Run) -> None:
    """Close the pages that ended runs of the site left pending: this run reads the site anew.

    A run without an end may be alive in another process, so its pages are left to it.
    """
    ended = select(runs.c.run_id).where(runs.c.site == run.site, runs.c.finished_at.is_not(None))
    connection.execute(
        update(pages)
        .where(pages.c.state == PageState.PENDING, pages.c.run_id.in_(ended))
        .values(
            state=PageState.SKIPPED, reason=PageReason.SUPERSEDED, detail=f"run {run.run_id} reads the site anew",
            finished_at=run.started_at,
        )
    )  # fmt: skip


def schedule(connection: Connection, wanted: list[tuple[Run, Sequence[PageRequest]]]) -> list[set[str]]:
    """Insert the pages that are not known yet; returns the ids of those, for each request."""
    ids = [page.page_id for _, requests in wanted for page in requests]
    known = set(connection.scalars(_KNOWN_PAGES, {"ids": ids}))
    now, inserted, answers = datetime.now(UTC), [], []
    for run, requests in wanted:
        new = {page.page_id: page for page in requests if page.page_id not in known}
        inserted += [page_row(page, run, now) for page in new.values()]
        known |= new.keys()
        answers.append(set(new))
    if inserted:
        connection.execute(insert(pages), inserted)
    return answers


def take(connection: Connection, wanted: list[Yield]) -> list[set[str]]:
    """Insert an outcome, pending, for each item that has none; returns the ids still to be settled, for each page."""
    ids = [item.item_id for page in wanted for item in page.items]
    known: dict[str, str] = dict(connection.execute(_BUCKETS, {"ids": ids}).all())
    now, inserted, counts, answers = datetime.now(UTC), [], [], []
    for page in wanted:
        new = {item.item_id: item for item in page.items if item.item_id not in known}
        unfinished = {item.item_id for item in page.items if known.get(item.item_id) == Bucket.PENDING}
        inserted += [outcome_row(item, page.run, now) for item in new.values()]
        again = page.seen_again + len(page.items) - len(new) - len(unfinished)
        counts.append({"page": page.page_id, "new": len(new), "again": again})
        known |= dict.fromkeys(new, Bucket.PENDING)
        answers.append(new.keys() | unfinished)
    if inserted:
        connection.execute(insert(outcomes), inserted)
    connection.execute(_COUNT_ITEMS, counts)
    return answers


def close(connection: Connection, wanted: list[End]) -> list[bool]:
    """End the pages that are pending, each once; says for each whether this ended it."""
    pending = set(connection.scalars(_OPEN_PAGES, {"ids": [end.page_id for end in wanted]}))
    now, ended, answers = datetime.now(UTC), [], []
    for end in wanted:
        answers.append(end.page_id in pending)
        if end.page_id in pending:
            pending.remove(end.page_id)
            ended.append({"page": end.page_id, "end": end.state, "why": end.reason, "more": end.detail, "now": now})
    if ended:
        connection.execute(_CLOSE, ended)
    return answers
