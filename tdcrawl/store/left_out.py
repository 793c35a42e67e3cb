"""WHICH RECORDS are no rows of a version, because their source has opted out since they were collected."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Subquery, and_, func, insert, or_, select, true

from tdcrawl.outcomes import PageReason, PageState
from tdcrawl.store.beginning import REPLAY
from tdcrawl.store.permission_tables import left_out, permissions
from tdcrawl.store.tables import pages, records, runs

_STREAMED = {"yield_per": 1_000}
Counts = dict[str, dict[str, int]]
"""Site -> what speaks against its records -> how many."""
_CLOSED = (PageReason.OPTED_OUT, PageReason.ROBOTS_DISALLOWED)


class Source(NamedTuple):
    """Hold where a record is from: its addresses, and the host that was read before its page was, if one was."""

    record_id: str
    requested_url: str
    canonical_url: str
    host: str | None


class LeftOut(NamedTuple):
    """Hold a record that is to be no row, and what speaks against it."""

    record_id: str
    why: str


def sources(connection: Connection, record_type: str) -> Iterator[Source]:
    """Stream where the records of a type are from."""
    asked = pages.join(permissions, permissions.c.permission_id == pages.c.permission_id)
    joined = records.outerjoin(asked, pages.c.page_id == records.c.page_id)
    wanted = select(records.c.record_id, records.c.requested_url, records.c.canonical_url, permissions.c.host)
    found = connection.execute(
        wanted.select_from(joined).where(records.c.record_type == record_type), execution_options=_STREAMED
    )
    return map(Source._make, found)


def refused_pages(connection: Connection, reason: PageReason) -> dict[str, str]:
    """Give the pages that were refused to us for a reason when they were last asked for, and what was said then."""
    last = _last_asked()
    here = and_(pages.c.canonical_url == last.c.canonical_url, pages.c.finished_at == last.c.at)
    query = select(pages.c.canonical_url, pages.c.detail).select_from(pages.join(last, here))
    found = connection.execute(query.where(pages.c.reason == reason))
    return {url: detail or str(reason) for url, detail in found}


def _last_asked() -> Subquery:
    """Build when each page was last read, or refused by its site; what was read out of the archive is no news of it."""
    is_news = or_(pages.c.reason == PageReason.OPTED_OUT, runs.c.spider.is_distinct_from(REPLAY))
    tells = or_(pages.c.state == PageState.DONE, pages.c.reason.in_(_CLOSED))
    query = select(pages.c.canonical_url, func.max(pages.c.finished_at).label("at"))
    joined = query.select_from(pages.outerjoin(runs, runs.c.run_id == pages.c.run_id))
    return joined.where(is_news, tells).group_by(pages.c.canonical_url).subquery()


def add(connection: Connection, version: str, found: Iterable[LeftOut]) -> None:
    """Write down what is left out of a version."""
    if rows := [{"version": version, **one._asdict()} for one in found]:
        connection.execute(insert(left_out), rows)


def kept(connection: Connection, version: str | None) -> ColumnElement[bool]:
    """Build the condition that a record is not left out of a version."""
    of_version = select(left_out.c.record_id).where(left_out.c.version == version)
    if version is None or connection.scalar(of_version.limit(1)) is None:
        return true()
    return records.c.record_id.not_in(of_version)


def counted(connection: Connection, version: str) -> Counts:
    """Count by site and reason what is left out of a version."""
    joined = left_out.join(records, records.c.record_id == left_out.c.record_id)
    query = select(records.c.site, left_out.c.why, func.count()).select_from(joined)
    found = connection.execute(query.where(left_out.c.version == version).group_by(records.c.site, left_out.c.why))
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for site, why, number in sorted(found):
        counts[site][why] = number
    return dict(counts)


def number_of(counts: Counts) -> int:
    """Give the number of records that were counted."""
    return sum(sum(by_reason.values()) for by_reason in counts.values())
