"""Who reads: the processes of each run, each with a lock that goes when it goes, and with the pages that it holds."""

import os
import socket
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from tdcrawl.outcomes import PageState
from tdcrawl.store.life import is_alive
from tdcrawl.store.tables import pages
from tdcrawl.store.worker_tables import hosts, workers

# Asked before each lease.
_ENDLESS = select(workers.c.worker_id, workers.c.machine, workers.c.process).where(
    workers.c.run_id == bindparam("run"), workers.c.ended_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class Worker:
    """Name one process that reads the pages of a run."""

    worker_id: str
    machine: str
    process: int

    def __str__(self) -> str:
        return f"process {self.process} on {self.machine}"


def this_process() -> Worker:
    """Name this process as a worker, a new one at every call."""
    return Worker(uuid.uuid4().hex, socket.gethostname(), os.getpid())


def join(connection: Connection, run_id: str, worker: Worker) -> None:
    """Note that a worker reads for a run."""
    connection.execute(insert(workers).values(run_id=run_id, started_at=datetime.now(UTC), **asdict(worker)))


def leave(connection: Connection, worker_ids: Sequence[str]) -> None:
    """End workers: what they held and had not read is anybody's again."""
    unread = pages.c.leased_by.in_(worker_ids) & (pages.c.state == PageState.PENDING)
    connection.execute(update(pages).where(unread).values(leased_by=None))
    connection.execute(delete(hosts).where(hosts.c.worker_id.in_(worker_ids)))
    connection.execute(update(workers).where(workers.c.worker_id.in_(worker_ids)).values(ended_at=datetime.now(UTC)))


def is_listed(connection: Connection, worker_id: str) -> bool:
    """Say whether nobody has ended a worker."""
    ended: datetime | None = connection.scalar(select(workers.c.ended_at).where(workers.c.worker_id == worker_id))
    return ended is None


def living(connection: Connection, run_id: str) -> list[Worker]:
    """Find the workers of a run that are alive, and end those that died; call it in a writing transaction."""
    found = _endless(connection, run_id)
    dead = end_dead(connection, [worker.worker_id for worker in found])
    return [worker for worker in found if worker.worker_id not in dead]


def end_dead(connection: Connection, worker_ids: Iterable[str]) -> list[str]:
    """End those of some workers that died, and return them; call it in a writing transaction."""
    dead = [worker_id for worker_id in worker_ids if not is_alive(connection, worker_id)]
    if dead:
        leave(connection, dead)
    return dead


def is_read(connection: Connection, run_id: str) -> bool:
    """Say whether a run has a worker that is alive; call it in a transaction."""
    return any(is_alive(connection, worker.worker_id) for worker in _endless(connection, run_id))


def _endless(connection: Connection, run_id: str) -> list[Worker]:
    return [Worker(*row) for row in connection.execute(_ENDLESS, {"run": run_id})]
