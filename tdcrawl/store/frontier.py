"""WHERE the pages wait that are still to be read, and which worker reads which: no two read one, nor one host."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from tdcrawl.outcomes import PageState
from tdcrawl.store.rows import PageRequest
from tdcrawl.store.tables import WAITING, pages
from tdcrawl.store.worker_tables import hosts

_ELSEWHERE = select(hosts.c.host).where(hosts.c.worker_id != bindparam("me"))
_NEXT = (
    select(pages.c.page_id, pages.c.url, pages.c.canonical_url, pages.c.request, pages.c.priority, pages.c.host)
    .where(pages.c.run_id == bindparam("run"), WAITING, pages.c.host.not_in(_ELSEWHERE))
    .order_by(pages.c.priority.desc(), pages.c.position)
    .limit(bindparam("number"))
)
_LEASE = (
    update(pages)
    .where(pages.c.page_id == bindparam("page"))
    .values(leased_by=bindparam("me"), attempts=pages.c.attempts + 1)
)
_MINE = select(hosts.c.host).where(hosts.c.worker_id == bindparam("me"))


@dataclass(frozen=True, slots=True)
class Asked:
    """Ask for pages of a run, so many at most, for a worker to read."""

    run_id: str
    worker_id: str
    number: int


def lease(connection: Connection, wanted: list[Asked]) -> list[Sequence[PageRequest]]:
    """Give each worker the pages that are next, and with them their hosts."""
    return [_lease(connection, asked) for asked in wanted]


def _lease(connection: Connection, asked: Asked) -> list[PageRequest]:
    where = {"run": asked.run_id, "me": asked.worker_id, "number": asked.number}
    found = connection.execute(_NEXT, where).all()
    if not found:
        return []
    connection.execute(_LEASE, [{"page": row.page_id, "me": asked.worker_id} for row in found])
    held = set(connection.scalars(_MINE, {"me": asked.worker_id}))
    new = sorted({row.host for row in found} - held)
    if new:
        connection.execute(insert(hosts), [{"host": host, "worker_id": asked.worker_id} for host in new])
    return [PageRequest(row.page_id, row.url, row.canonical_url, row.request, row.priority) for row in found]


def unread(connection: Connection, run_id: str) -> bool:
    """Say whether a run has pages that are not read."""
    query = select(pages.c.page_id).where(pages.c.run_id == run_id, pages.c.state == PageState.PENDING).limit(1)
    return connection.scalar(query) is not None
