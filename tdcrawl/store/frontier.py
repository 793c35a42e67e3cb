"""WHERE the pages wait that are still to be read, and which worker reads which: no two read one, nor one host."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from tdcrawl.outcomes import PageState
from tdcrawl.store.look_up import among
from tdcrawl.store.rows import PageRequest
from tdcrawl.store.steering import Course, Sight, steer
from tdcrawl.store.tables import WAITING, pages
from tdcrawl.store.tombstones import are_any
from tdcrawl.store.worker_tables import hosts
from tdcrawl.store.workers import end_dead, living

_OF_RUN = pages.c.run_id == bindparam("run")
_NEXT = (
    select(pages.c.page_id, pages.c.url, pages.c.canonical_url, pages.c.request, pages.c.priority, pages.c.host)
    .where(_OF_RUN, WAITING)
    .order_by(pages.c.priority.desc(), pages.c.position)
    .limit(bindparam("number"))
)
_NEXT_OF_HOSTS = _NEXT.where(pages.c.host.in_(bindparam("hosts", expanding=True)))
_WAITING_HOSTS = select(pages.c.host).where(_OF_RUN, WAITING).distinct()
_BUSY_HOSTS = select(pages.c.host).where(
    pages.c.leased_by == bindparam("me"), pages.c.state == PageState.PENDING
).distinct()  # fmt: skip
_OF_OTHERS = select(pages.c.page_id).where(
    _OF_RUN, pages.c.state == PageState.PENDING, pages.c.leased_by.is_distinct_from(bindparam("me"))
).limit(1)  # fmt: skip
_HOLDERS = select(hosts.c.host, hosts.c.worker_id)
_LEASE = update(pages).where(among(pages.c.page_id)).values(leased_by=bindparam("me"), attempts=pages.c.attempts + 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """Ask for pages of a run, so many at most, for a worker to read, which may steer by a quota."""

    run_id: str
    worker_id: str
    number: int
    course: Course | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Hold pages to read; where there are none, `more` says whether other workers may leave some.

    To whom steers it says what was seen, and how many pages were put back; `erased` says whether anything ever was.
    """

    pages: Sequence[PageRequest]
    more: bool = False
    sight: Sight | None = None
    put_back: int = 0
    erased: bool = False


def lease(connection: Connection, wanted: list[Asked]) -> list[Lease]:
    """Give each worker the pages that are next on its hosts; hosts are shared out evenly."""
    erased = are_any(connection)
    return [replace(_lease(connection, asked), erased=erased) for asked in wanted]


def _lease(connection: Connection, asked: Asked) -> Lease:
    workers = frozenset(worker.worker_id for worker in living(connection, asked.run_id))
    query, where = _NEXT, {"run": asked.run_id, "number": asked.number}
    if len(workers) > 1:
        query, where = _NEXT_OF_HOSTS, where | {"hosts": _share(connection, asked, len(workers))}

    def find() -> Sequence[Any]:
        return connection.execute(query, where).all()

    if asked.course is None:
        return _hold(connection, asked, find(), len(workers))
    steered = steer(connection, asked.course, asked.run_id, workers, find)
    held = _hold(connection, asked, steered.found, len(workers))
    return replace(held, sight=steered.sight, put_back=steered.put_back)


def _hold(connection: Connection, asked: Asked, found: Sequence[Any], workers: int) -> Lease:
    if not found:
        others = {"run": asked.run_id, "me": asked.worker_id}
        return Lease([], more=workers > 1 and connection.scalar(_OF_OTHERS, others) is not None)
    connection.execute(_LEASE, {"ids": [row.page_id for row in found], "me": asked.worker_id})
    held = dict(connection.execute(_HOLDERS).all())
    new = sorted({row.host for row in found} - held.keys())
    if new:
        connection.execute(insert(hosts), [{"host": host, "worker_id": asked.worker_id} for host in new])
    return Lease([PageRequest(row.page_id, row.url, row.canonical_url, row.request, row.priority) for row in found])


def _share(connection: Connection, asked: Asked, workers: int) -> list[str]:
    """Choose the hosts that a worker may read, giving back those that are too many and of which it holds no page."""
    # Of other sites too: a host that somebody died with would be waited for for ever.
    end_dead(connection, set(connection.scalars(select(hosts.c.worker_id))))
    holders: dict[str, str] = dict(connection.execute(_HOLDERS).all())
    busy = set(connection.scalars(_BUSY_HOSTS, {"me": asked.worker_id}))
    waiting = set(connection.scalars(_WAITING_HOSTS, {"run": asked.run_id}))
    mine = {host for host, worker_id in holders.items() if worker_id == asked.worker_id}
    fair = -(-len(waiting | busy) // workers)
    # Those it is at come first: the others are the first to go.
    keep = sorted(mine & (waiting | busy), key=lambda host: (host not in busy, host))[: max(1, fair)]
    given_back = mine - busy - set(keep)
    if given_back:
        connection.execute(delete(hosts).where(hosts.c.host.in_(given_back)))
    free = sorted(waiting - holders.keys())
    return [*keep, *free[: max(0, fair - len(keep))]]


def unread(connection: Connection, run_id: str) -> bool:
    """Say whether a run has pages that are not read."""
    query = select(pages.c.page_id).where(pages.c.run_id == run_id, pages.c.state == PageState.PENDING).limit(1)
    return connection.scalar(query) is not None
