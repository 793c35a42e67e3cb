"""A page read anew from the archive: what had failed on it is tried anew, and nothing else that is known of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from tdcrawl.outcomes import Bucket, PageState
from tdcrawl.records.base import TrainingItem
from tdcrawl.store import page_writes, refusing
from tdcrawl.store.beginning import FINISHED, REPLAY
from tdcrawl.store.page_writes import Taken, Yield
from tdcrawl.store.tables import ON_ITS_WAY, failed_records, outcomes, pages, runs
from tdcrawl.store.tombstones import IS_ERASED

INTERRUPTED = "interrupted"
"""The reason of what a replay was cut off at; it is taken up whatever else is asked for."""
UNFINISHED = select(runs.c.run_id).where(runs.c.spider == REPLAY, runs.c.finish_reason.is_distinct_from(FINISHED))
LEFT = or_(
    and_(outcomes.c.bucket == Bucket.FAILED, ~IS_ERASED),
    and_(ON_ITS_WAY, or_(pages.c.state == PageState.SKIPPED, pages.c.run_id.in_(UNFINISHED))),
)
"""Which items there is something to try for: those that failed, and those that a run left and no crawl will take up."""
REASON = func.coalesce(outcomes.c.reason, pages.c.reason, INTERRUPTED)
"""Why such an item is where it is."""
_RENAMES = [
    update(outcomes)
    .where(outcomes.c.item_id == bindparam("old"))
    .values(item_id=bindparam("new"), was=bindparam("before")),
    update(failed_records).where(failed_records.c.item_id == bindparam("old")).values(item_id=bindparam("new")),
]


@dataclass(frozen=True, slots=True)
class Reread:
    """Name the page that is read anew, and the only reason for which its items are tried again, if there is one."""

    page_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """Say what there is to try on a page: items to try `again`, each with the id it has now; which are `gone`.

    `new` are the ids of those items that nobody knows yet.
    """

    again: Mapping[str, str]
    gone: Collection[str]
    new: Collection[str]


def left_on(connection: Connection, reread: Reread, items: Sequence[TrainingItem]) -> Left:
    """Find on a page, as it is read now, the items that are to be tried again.

    An id may come from what a record says, and a mended site file lets it say something else: whatever stands now where
    a failed item stood on the page, and is known from nowhere else, is that item.
    """
    query = select(outcomes.c.item_id, outcomes.c.position).join(pages, pages.c.page_id == outcomes.c.page_id)
    query = query.where(LEFT, outcomes.c.page_id == reread.page_id)
    if reread.reason is not None:
        query = query.where(REASON.in_([reread.reason]))
    left: dict[str, int | None] = dict(connection.execute(query).all())
    known = page_writes.known_items(connection, [item.item_id for item in items])
    here = {item.item_id for item in items}
    fresh: dict[int | None, str] = {item.position: item.item_id for item in items if item.item_id not in known}
    now = {old: old if old in here else fresh.get(place) for old, place in left.items()}
    again = {old: new for old, new in now.items() if new is not None}
    return Left(again, now.keys() - again.keys(), set(fresh.values()) - set(again.values()))


def take(connection: Connection, wanted: Iterable[tuple[Reread, Yield]]) -> list[dict[str, Taken]]:
    """Take what pages yield now, as `page_writes.take` does, but reopen only what is to be tried again."""
    found = []
    for reread, page in wanted:
        again = left_on(connection, reread, page.items).again
        renamed = [{"old": old, "before": old, "new": new} for old, new in again.items() if old != new]
        for rename in _RENAMES if renamed else ():
            connection.execute(rename, renamed)
        found.append(replace(page, reopens=frozenset(again.values())))
    return refusing.take(connection, found)
