"""The writes that follow a page: scheduled, its items taken, closed. Each takes all that came at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from time import time_ns

from sqlalchemy import Connection, Executable, bindparam, delete, insert, select, update

from tdcrawl.outcomes import Bucket, PageReason, PageState
from tdcrawl.records.base import TrainingItem
from tdcrawl.store.look_up import IDS, look_up
from tdcrawl.store.rows import PageRequest, Row, Run, outcome_row, page_row
from tdcrawl.store.tables import failed_records, outcomes, over_quota, pages, runs

_KNOWN_PAGES = select(pages.c.page_id).where(pages.c.page_id.in_(IDS))
_OPEN_PAGES = _KNOWN_PAGES.where(pages.c.state == PageState.PENDING)
_KNOWN = (
    select(outcomes.c.item_id, outcomes.c.bucket, outcomes.c.run_id, runs.c.started_at)
    .join(runs, runs.c.run_id == outcomes.c.run_id)
    .where(outcomes.c.item_id.in_(IDS))
)
_TAKE_UP = (
    update(outcomes)
    .where(outcomes.c.item_id == bindparam("item"))
    .values(
        bucket=Bucket.PENDING, run_id=bindparam("run"), page_id=bindparam("page"), at=bindparam("now"),
        stage=None, reason=None, detail=None, reopened=outcomes.c.reopened + bindparam("anew"),
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


class Taken(StrEnum):
    """Say how an item came to be processed: new to this run, yielded by it before, or tried anew after another."""

    NEW = "new"
    RESUMED = "resumed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Yield:
    """Hold what a page yielded, and how many more of it are known to be seen again."""

    run: Run
    page_id: str
    items: Sequence[TrainingItem]
    seen_again: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """Say that the page at `origin` redirects to another."""

    run: Run
    origin: str
    target: PageRequest


@dataclass(frozen=True, slots=True)
class End:
    """Say how a page ended."""

    page_id: str
    state: PageState
    reason: str | None
    detail: str | None


def schedule(connection: Connection, wanted: list[tuple[Run, Sequence[PageRequest]]]) -> list[set[str]]:
    """Insert the pages that are not known yet; returns the ids of those, for each request."""
    ids = [page.page_id for _, requests in wanted for page in requests]
    known = {page_id for (page_id,) in look_up(connection, _KNOWN_PAGES, ids)}
    # Not a count of rows: workers find pages at the same time, and no two wait for each other's number.
    now, position = datetime.now(UTC), time_ns()
    inserted, answers = list[Row](), []
    for run, requests in wanted:
        new = {page.page_id: page for page in requests if page.page_id not in known}
        inserted += [
            page_row(page, run, now, position + len(inserted) + place) for place, page in enumerate(new.values())
        ]
        known |= new.keys()
        answers.append(set(new))
    if inserted:
        connection.execute(insert(pages), inserted)
    return answers


def redirect(connection: Connection, wanted: list[Redirect]) -> list[bool]:
    """Note the pages that others lead to, so that no link to them is followed; says for each whether it is new."""
    known = {page_id for (page_id,) in look_up(connection, _KNOWN_PAGES, [each.target.page_id for each in wanted])}
    now, answers = datetime.now(UTC), []
    for each in wanted:
        answers.append(each.target.page_id not in known)
        if answers[-1]:
            known.add(each.target.page_id)
            end = {"state": PageState.SKIPPED, "reason": PageReason.SAME_PAGE, "finished_at": now}
            detail = f"{each.origin} redirects to it, and was read as it"
            connection.execute(insert(pages).values(page_row(each.target, each.run, now, 0) | end | {"detail": detail}))
    return answers


def take(connection: Connection, wanted: list[Yield]) -> list[dict[str, Taken]]:
    """Give a pending outcome to each item that is new, was left pending, or may fare better than in an earlier run.

    Returns for each page the ids that are to be settled, each with how it came there.
    """
    known = _known(connection, [item.item_id for page in wanted for item in page.items])
    now, inserted, taken_up, counts, answers = datetime.now(UTC), [], [], [], list[dict[str, Taken]]()
    left = {bucket: list[Row]() for bucket in _REOPENED}
    for page in wanted:
        new = {item.item_id: item for item in page.items if item.item_id not in known}
        old = {item.item_id: known[item.item_id] for item in page.items if item.item_id in known}
        pending = [item_id for item_id, (bucket, _, _) in old.items() if bucket == Bucket.PENDING]
        reopened = {
            i: left[Bucket(bucket)] for i, (bucket, _, began) in old.items() if _may_change(bucket, began, page)
        }
        inserted += [outcome_row(item, page.run, now) for item in new.values()]
        taken_up += [_taken_up(item_id, page, now, item_id in reopened) for item_id in (*pending, *reopened)]
        for item_id, rows in reopened.items():
            rows.append({"item": item_id})
        known |= dict.fromkeys((*new, *reopened), (Bucket.PENDING, page.run.run_id, page.run.started_at))
        resumed = [item_id for item_id in pending if known[item_id][1] == page.run.run_id]
        answers.append(
            dict.fromkeys((*new, *pending), Taken.NEW)
            | dict.fromkeys(resumed, Taken.RESUMED)
            | dict.fromkeys(reopened, Taken.REOPENED)
        )
        again = page.seen_again + len(page.items) - len(answers[-1])
        counts.append({"page": page.page_id, "new": len(new), "again": again})
    _write(connection, insert(outcomes), inserted)
    _write(connection, _TAKE_UP, taken_up)
    for bucket, rows in left.items():
        _write(connection, _REOPENED[bucket], rows)
    _write(connection, _COUNT_ITEMS, counts)
    return answers


def _known(connection: Connection, ids: list[str]) -> dict[str, tuple[str, str, datetime]]:
    """Find the bucket of each item that has one, with the run that its outcome is from and when that began."""
    return {item_id: (bucket, run_id, began) for item_id, bucket, run_id, began in look_up(connection, _KNOWN, ids)}


def _may_change(bucket: str, began: datetime, page: Yield) -> bool:
    # Only in a later run: two at once would go on reopening what the other has just settled.
    return bucket in _REOPENED and began < page.run.started_at


def _taken_up(item_id: str, page: Yield, now: datetime, is_reopened: bool) -> Row:
    return {"item": item_id, "run": page.run.run_id, "page": page.page_id, "now": now, "anew": int(is_reopened)}


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
