"""The writes that follow a page: scheduled, its items taken, closed. Each takes all that came at once."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from time import time_ns

from sqlalchemy import BigInteger, Connection, Text, bindparam, case, delete, func, select, update

from tdcrawl.outcomes import Bucket, PageState
from tdcrawl.records.base import TrainingItem
from tdcrawl.store.archive import Place
from tdcrawl.store.inserting import insert_all
from tdcrawl.store.look_up import among, change_all, look_up
from tdcrawl.store.redirects import KNOWN_PAGES
from tdcrawl.store.rows import PageRequest, Row, Run, addresses, outcome_row, page_row
from tdcrawl.store.tables import ON_ITS_WAY, failed_records, outcomes, over_quota, pages, runs
from tdcrawl.store.tombstones import Traces, erased_urls, scrubbed
from tdcrawl.store.updating import update_all

_OPEN_PAGES = KNOWN_PAGES.where(pages.c.state == PageState.PENDING)
# What waits for its label is no matter of the pages: it is as settled as what people are asked about.
_WAITS = (outcomes.c.bucket == Bucket.PENDING) & ~ON_ITS_WAY
_KNOWN = (
    select(
        outcomes.c.item_id,
        case((_WAITS, Bucket.NEEDS_REVIEW), else_=outcomes.c.bucket),
        outcomes.c.run_id,
        runs.c.started_at,
    )
    .join(runs, runs.c.run_id == outcomes.c.run_id)
    .where(among(outcomes.c.item_id))
)
_TAKE_UP = (
    update(outcomes)
    .where(outcomes.c.item_id == bindparam("item"))
    .values(
        bucket=Bucket.PENDING, run_id=bindparam("run"), page_id=bindparam("page"), at=bindparam("now"),
        position=bindparam("place"),
        stage=None, reason=None, detail=None, reopened=outcomes.c.reopened + bindparam("anew"),
    )
)  # fmt: skip
# Outcomes that a mended site file or a larger quota may change.
_REOPENED = {
    Bucket.FAILED: delete(failed_records).where(among(failed_records.c.item_id)),
    Bucket.OVER_QUOTA: delete(over_quota).where(among(over_quota.c.item_id)),
}
_COUNT_ITEMS = (
    update(pages)
    .where(pages.c.page_id == bindparam("page"))
    .values(
        items_yielded=pages.c.items_yielded + bindparam("new"),
        items_seen_again=pages.c.items_seen_again + bindparam("again"),
        archive_file=func.coalesce(bindparam("file", type_=Text), pages.c.archive_file),
        archive_offset=func.coalesce(bindparam("offset", type_=BigInteger), pages.c.archive_offset),
    )
)
_NOTHING: Row = {"new": 0, "again": 0, "file": None, "offset": None}
_CLOSE = (
    update(pages)
    .where(pages.c.page_id == bindparam("page"))
    .values(
        state=bindparam("end"), reason=bindparam("why"), detail=bindparam("more"), finished_at=bindparam("now"),
        permission_id=bindparam("permission"),
    )
)  # fmt: skip


class Taken(StrEnum):
    """Say how an item came to be processed: new to this run, yielded by it before, or tried anew after another."""

    NEW = "new"
    RESUMED = "resumed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Yield:
    """Hold what a page yielded, how many more of it are known to be seen again, and where the page is archived.

    `reopens` names the only items that may be tried anew, if not all may; `traces` says, asked, by what they are known.
    """

    run: Run
    page_id: str
    items: Sequence[TrainingItem]
    seen_again: int
    archived: Place | None = None
    reopens: Collection[str] | None = None
    traces: Callable[[], Sequence[Traces]] = tuple


@dataclass(frozen=True, slots=True)
class End:
    """Say how a page ended, and what was read of its site before it was."""

    page_id: str
    state: PageState
    reason: str | None
    detail: str | None
    permission_id: str | None


def schedule(connection: Connection, wanted: list[tuple[Run, Sequence[PageRequest]]]) -> list[set[str]]:
    """Insert the pages that are not known yet; returns the ids of those, for each request."""
    ids = [page.page_id for _, requests in wanted for page in requests]
    known = {page_id for (page_id,) in look_up(connection, KNOWN_PAGES, ids)}
    # Not a count of rows: workers find pages at the same time, and no two wait for each other's number.
    now, position = datetime.now(UTC), time_ns()
    inserted, answers = list[Row](), []
    erased = erased_urls(connection, {url for _, requests in wanted for page in requests for url in addresses(page)})
    for run, requests in wanted:
        new = {page.page_id: page for page in requests if page.page_id not in known}
        inserted += [
            page_row(page, run, now, position + len(inserted) + place) for place, page in enumerate(new.values())
        ]
        known |= new.keys()
        answers.append(set(new))
    insert_all(connection, pages, [row for row in inserted if erased.isdisjoint(_named(row))])
    skipped = [row for row in inserted if not erased.isdisjoint(_named(row))]
    insert_all(connection, pages, [row | scrubbed(row["canonical_url"], now) for row in skipped])
    return answers


def _named(row: Row) -> tuple[str, str]:
    return row["url"], row["canonical_url"]


def take(connection: Connection, wanted: list[Yield]) -> list[dict[str, Taken]]:
    """Give a pending outcome to each item that is new, was left pending, or may fare better than in an earlier run.

    Returns for each page the ids that are to be settled, each with how it came there.
    """
    known = known_items(connection, [item.item_id for page in wanted for item in page.items])
    now, inserted, taken_up, answers = datetime.now(UTC), [], [], list[dict[str, Taken]]()
    counts = {page.page_id: {"page": page.page_id, **_NOTHING} for page in wanted}
    left = {bucket: list[str]() for bucket in _REOPENED}
    for page in wanted:
        new = {item.item_id: item for item in page.items if item.item_id not in known}
        old = {item.item_id: item for item in page.items if item.item_id in known}
        pending = [item_id for item_id in old if known[item_id][0] == Bucket.PENDING]
        reopened = {
            item_id: left[Bucket(known[item_id][0])] for item_id in old if _may_change(item_id, known[item_id], page)
        }
        inserted += [outcome_row(item, page.run, now) for item in new.values()]
        taken_up += [_taken_up(old[item_id], page, now, item_id in reopened) for item_id in (*pending, *reopened)]
        for item_id, ids in reopened.items():
            ids.append(item_id)
        known |= dict.fromkeys((*new, *reopened), (Bucket.PENDING, page.run.run_id, page.run.started_at))
        resumed = [item_id for item_id in pending if known[item_id][1] == page.run.run_id]
        answers.append(
            dict.fromkeys((*new, *pending), Taken.NEW)
            | dict.fromkeys(resumed, Taken.RESUMED)
            | dict.fromkeys(reopened, Taken.REOPENED)
        )
        count = counts[page.page_id]
        count["new"] += len(new)
        count["again"] += page.seen_again + len(page.items) - len(answers[-1])
        if page.archived:
            count |= {"file": page.archived.file, "offset": page.archived.offset}
    insert_all(connection, outcomes, inserted)
    if taken_up:
        connection.execute(_TAKE_UP, taken_up)
    for bucket, ids in left.items():
        change_all(connection, _REOPENED[bucket], ids)
    update_all(connection, _COUNT_ITEMS, list(counts.values()))
    return answers


def known_items(connection: Connection, ids: list[str]) -> dict[str, tuple[str, str, datetime]]:
    """Find the bucket of each item that has one, with the run that its outcome is from and when that began."""
    return {item_id: (bucket, run_id, began) for item_id, bucket, run_id, began in look_up(connection, _KNOWN, ids)}


def _may_change(item_id: str, outcome: tuple[str, str, datetime], page: Yield) -> bool:
    if page.reopens is not None and item_id not in page.reopens:
        return False
    # Only in a later run: two at once would go on reopening what the other has just settled.
    bucket, _, began = outcome
    return bucket in _REOPENED and began < page.run.started_at


def _taken_up(item: TrainingItem, page: Yield, now: datetime, is_reopened: bool) -> Row:
    here = {"run": page.run.run_id, "page": page.page_id, "place": item.position}
    return {"item": item.item_id, "now": now, "anew": int(is_reopened)} | here


def close(connection: Connection, wanted: list[End]) -> list[bool]:
    """End the pages that are pending, each once; says for each whether this ended it."""
    pending = {page_id for (page_id,) in look_up(connection, _OPEN_PAGES, [end.page_id for end in wanted])}
    now, ended, answers = datetime.now(UTC), [], []
    for end in wanted:
        answers.append(end.page_id in pending)
        if end.page_id in pending:
            pending.remove(end.page_id)
            said = {"end": end.state, "why": end.reason, "more": end.detail, "permission": end.permission_id}
            ended.append({"page": end.page_id, "now": now, **said})
    update_all(connection, _CLOSE, ended)
    return answers
