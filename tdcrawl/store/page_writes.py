"""The writes that follow a page: scheduled, its items taken, closed. Each takes all that came at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Executable, bindparam, delete, insert, select, update

from tdcrawl.outcomes import Bucket, PageReason, PageState
from tdcrawl.records.base import TrainingItem
from tdcrawl.store.life import is_alive
from tdcrawl.store.look_up import IDS, look_up
from tdcrawl.store.rows import PageRequest, Row, Run, outcome_row, page_row
from tdcrawl.store.tables import failed_records, outcomes, over_quota, pages, runs

_KNOWN_PAGES = select(pages.c.page_id).where(pages.c.page_id.in_(IDS))
_OPEN_PAGES = _KNOWN_PAGES.where(pages.c.state == PageState.PENDING)
_KNOWN = (
    select(outcomes.c.item_id, outcomes.c.bucket, runs.c.started_at)
    .join(runs, runs.c.run_id == outcomes.c.run_id)
    .where(outcomes.c.item_id.in_(IDS))
)
_TAKE_UP = (
    update(outcomes)
    .where(outcomes.c.item_id == bindparam("item"))
    .values(
        bucket=Bucket.PENDING, run_id=bindparam("run"), page_id=bindparam("page"), at=bindparam("now"),
        stage=None, reason=None, detail=None,
    )
)  # fmt: skip
# Outcomes that a mended site file or a larger quota may change.
_REOPENED = {
    Bucket.FAILED: delete(failed_records).where(failed_records.c.item_id == bindparam("item")),
    Bucket.OVER_QUOTA: delete(over_quota).where(over_quota.c.item_id == bindparam("item")),
}
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


def supersede(connection: Connection, run: Run) -> list[str]:
    """Close the pages that ended runs of the site left pending: this run reads the site anew.

    A run without an end may be alive in another process, and keeps its pages; where it is dead its end is written
    down. Returns the ids of those.
    """
    endless = select(runs.c.run_id).where(
        runs.c.site == run.site, runs.c.finished_at.is_(None), runs.c.run_id != run.run_id
    )
    dead = [run_id for run_id in connection.scalars(endless).all() if not is_alive(connection, run_id)]
    died = {"finished_at": run.started_at, "finish_reason": "died"}
    connection.execute(update(runs).where(runs.c.run_id.in_(dead)).values(died))
    ended = select(runs.c.run_id).where(runs.c.site == run.site, runs.c.finished_at.is_not(None))
    connection.execute(
        update(pages)
        .where(pages.c.state == PageState.PENDING, pages.c.run_id.in_(ended))
        .values(
            state=PageState.SKIPPED, reason=PageReason.SUPERSEDED, detail=f"run {run.run_id} reads the site anew",
            finished_at=run.started_at,
        )
    )  # fmt: skip
    return dead


def schedule(connection: Connection, wanted: list[tuple[Run, Sequence[PageRequest]]]) -> list[set[str]]:
    """Insert the pages that are not known yet; returns the ids of those, for each request."""
    ids = [page.page_id for _, requests in wanted for page in requests]
    known = {page_id for (page_id,) in look_up(connection, _KNOWN_PAGES, ids)}
    now, inserted, answers = datetime.now(UTC), [], []
    for run, requests in wanted:
        new = {page.page_id: page for page in requests if page.page_id not in known}
        inserted += [page_row(page, run, now) for page in new.values()]
        known |= new.keys()
        answers.append(set(new))
    if inserted:
        connection.execute(insert(pages), inserted)
    return answers


def take(connection: Connection, wanted: list[Yield]) -> list[dict[str, bool]]:
    """Give a pending outcome to each item that is new, was left pending, or may fare better than in an earlier run.

    Returns for each page the ids that are to be settled, each with whether its outcome was reopened.
    """
    known = _known(connection, [item.item_id for page in wanted for item in page.items])
    now, inserted, taken_up, counts, answers = datetime.now(UTC), [], [], [], list[dict[str, bool]]()
    left = {bucket: list[Row]() for bucket in _REOPENED}
    for page in wanted:
        new = {item.item_id: item for item in page.items if item.item_id not in known}
        old = {item.item_id: known[item.item_id] for item in page.items if item.item_id in known}
        pending = [item_id for item_id, (bucket, _) in old.items() if bucket == Bucket.PENDING]
        reopened = {i: left[Bucket(bucket)] for i, (bucket, began) in old.items() if _may_change(bucket, began, page)}
        inserted += [outcome_row(item, page.run, now) for item in new.values()]
        taken_up += [_taken_up(item_id, page, now) for item_id in (*pending, *reopened)]
        for item_id, rows in reopened.items():
            rows.append({"item": item_id})
        known |= dict.fromkeys((*new, *reopened), (Bucket.PENDING, page.run.started_at))
        answers.append(dict.fromkeys((*new, *pending), False) | dict.fromkeys(reopened, True))
        again = page.seen_again + len(page.items) - len(answers[-1])
        counts.append({"page": page.page_id, "new": len(new), "again": again})
    _write(connection, insert(outcomes), inserted)
    _write(connection, _TAKE_UP, taken_up)
    for bucket, rows in left.items():
        _write(connection, _REOPENED[bucket], rows)
    _write(connection, _COUNT_ITEMS, counts)
    return answers


def _known(connection: Connection, ids: list[str]) -> dict[str, tuple[str, datetime]]:
    """Find the bucket of each item that has one, and when the run began that its outcome is from."""
    return {item_id: (bucket, began) for item_id, bucket, began in look_up(connection, _KNOWN, ids)}


def _may_change(bucket: str, began: datetime, page: Yield) -> bool:
    # Only in a later run: two at once would go on reopening what the other has just settled.
    return bucket in _REOPENED and began < page.run.started_at


def _taken_up(item_id: str, page: Yield, now: datetime) -> Row:
    return {"item": item_id, "run": page.run.run_id, "page": page.page_id, "now": now}


def _write(connection: Connection, statement: Executable, rows: list[Row]) -> None:
    if rows:
        connection.execute(statement, rows)


def close(connection: Connection, wanted: list[End]) -> list[bool]:
    """End the pages that are pending, each once; says for each whether this ended it."""
    pending = {page_id for (page_id,) in look_up(connection, _OPEN_PAGES, [end.page_id for end in wanted])}
    now, ended, answers = datetime.now(UTC), [], []
    for end in wanted:
        answers.append(end.page_id in pending)
        if end.page_id in pending:
            pending.remove(end.page_id)
            ended.append({"page": end.page_id, "end": end.state, "why": end.reason, "more": end.detail, "now": now})
    if ended:
        connection.execute(_CLOSE, ended)
    return answers
