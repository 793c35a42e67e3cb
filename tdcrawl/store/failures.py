"""What failed and stands so: records and pages, by site and reason, and what of it the archive can give again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, select, union

from tdcrawl.outcomes import PageState
from tdcrawl.store.archive import Place
from tdcrawl.store.rereading import INTERRUPTED, LEFT, REASON, UNFINISHED
from tdcrawl.store.tables import outcomes, pages


@dataclass(frozen=True, slots=True)
class Archived:
    """Name a page that can be read anew, as it was asked for and found; and why it failed, if it did."""

    page_id: str
    url: str
    canonical_url: str
    meta: Mapping[str, Any]
    place: Place
    reason: str | None


def list_failures(engine: Engine, site: str | None, reason: str | None) -> list[dict[str, Any]]:
    """Count what failed: `site`, `what` (records or pages), `reason`, `number`, and how many are `archived`."""
    items = _items(site, reason).subquery()
    failed = _pages(site, reason).subquery()
    with engine.connect() as connection:
        return [*_counted(connection, "records", items), *_counted(connection, "pages", failed)]


def replayable(engine: Engine, site: str, reason: str | None) -> list[Archived]:
    """List the archived pages of a site on which something failed, in the order in which they were found."""
    items, failed = _items(site, reason).subquery(), _pages(site, reason).subquery()
    wanted = union(select(items.c.page_id), select(failed.c.page_id))
    # What a replay that was cut off has not read, it takes up itself.
    there = pages.c.archive_file.is_not(None) & ~((pages.c.state == PageState.PENDING) & pages.c.run_id.in_(UNFINISHED))
    query = select(pages).where(pages.c.page_id.in_(wanted), there)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(pages.c.scheduled_at, pages.c.position, pages.c.page_id)).all()
    # A sitemap holds no records.
    return [_archived(row) for row in rows if row.request.get("callback") == "parse"]


def _archived(page: Any) -> Archived:
    place = Place(page.archive_file, page.archive_offset)
    return Archived(page.page_id, page.url, page.canonical_url, page.request["meta"], place, page.reason)


def _items(site: str | None, reason: str | None) -> Select[Any]:
    query = select(
        outcomes.c.site, outcomes.c.item_id, outcomes.c.page_id, REASON.label("reason"), pages.c.archive_file
    ).join(pages, pages.c.page_id == outcomes.c.page_id)
    wanted = [] if reason is None else [REASON.in_([reason, INTERRUPTED])]
    return query.where(LEFT, *_only(outcomes.c.site, site), *wanted)


def _pages(site: str | None, reason: str | None) -> Select[Any]:
    """Select the pages that failed when they were last read: a later run may have mended what an earlier one found."""
    read = pages.c.state.in_([PageState.DONE, PageState.FAILED])
    newest_first = func.row_number().over(
        partition_by=(pages.c.site, pages.c.canonical_url), order_by=(pages.c.scheduled_at.desc(), pages.c.page_id)
    )
    last = select(pages, newest_first.label("age")).where(read, *_only(pages.c.site, site)).subquery()
    query = select(last.c.site, last.c.page_id, last.c.reason, last.c.archive_file)
    return query.where(last.c.age == 1, last.c.state == PageState.FAILED, *_only(last.c.reason, reason))


def _only(column: ColumnElement[Any], value: str | None) -> Iterable[ColumnElement[bool]]:
    return [] if value is None else [column == value]


def _counted(connection: Connection, what: str, failed: Any) -> list[dict[str, Any]]:
    columns = (failed.c.site, failed.c.reason)
    query = select(*columns, func.count(), func.count(failed.c.archive_file)).group_by(*columns).order_by(*columns)
    return [
        {"site": site, "what": what, "reason": reason, "number": number, "archived": archived}
        for site, reason, number, archived in connection.execute(query)
    ]
