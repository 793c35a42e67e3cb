"""How a crawl begins: the run that was left unfinished is taken up, else there is a new one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from tdcrawl.errors import FinishedError, StoreError
from tdcrawl.outcomes import PageReason, PageState
from tdcrawl.store.rows import Run
from tdcrawl.store.steering import put_forward
from tdcrawl.store.tables import pages, runs
from tdcrawl.store.tombstones import refuse_erased_site
from tdcrawl.store.workers import living

FINISHED = "finished"
REPLAY = "replay"
"""What stands in the place of the spider of a run that reads pages of the archive anew."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Hold the run that a process reads for, and the earlier ones that were found dead when it began."""

    run: Run
    taken_up: bool
    died: list[str]


def anew(connection: Connection, run: Run) -> Begun:
    """Begin a new run. What ended runs of its site left unread is not read any more: this one reads the site anew.

    A run without an end whose process is alive keeps its pages; where that is dead its end is written down.
    """
    dead = [run_id for run_id in _endless(connection, run.site) if not living(connection, run_id)]
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
    connection.execute(insert(runs).values(**asdict(run)))
    return Begun(run, taken_up=False, died=dead)


def take_up(connection: Connection, run: Run, starts: Sequence[str], *, again: bool) -> Begun:
    """Take up the newest run of the site that began at the same pages (canonical addresses), else begin a new one.

    `again` begins a new one in any case. On PostgreSQL a run that others are reading is joined. Raises FinishedError
    where that run has read all it was to read, and StoreError where another process is reading the site otherwise.
    """
    refuse_erased_site(connection, run.site)
    last = _newest(connection, run)
    same = last is not None and not again and _began_at(connection, last["run_id"], starts)
    _refuse_beside_others(connection, run, last["run_id"] if last and same else None)
    if last is None or not same:
        return anew(connection, run)
    if living(connection, last["run_id"]):
        return Begun(_run(last), taken_up=True, died=[])
    if last["finish_reason"] == FINISHED:
        raise FinishedError(
            last["run_id"],
            f"run {last['run_id']} has read all of {run.site} (it finished {last['finished_at']:%Y-%m-%d %H:%M} UTC); "
            "to read it anew: -a again=1",
        )
    return _reopened(connection, last)


def take_up_replay(connection: Connection, run: Run) -> Begun:
    """Take up the newest replay of the site if it was left unfinished, else begin a new one.

    What other runs have left stays theirs. Raises StoreError where another process is at work on the site.
    """
    refuse_erased_site(connection, run.site)
    _refuse_beside_others(connection, run, None)
    last = _newest(connection, run)
    if last is not None and last["finish_reason"] != FINISHED:
        return _reopened(connection, last)
    connection.execute(insert(runs).values(**asdict(run)))
    return Begun(run, taken_up=False, died=[])


def _refuse_beside_others(connection: Connection, run: Run, joined: str | None) -> None:
    """Raise StoreError where a process is at work on the site, unless it reads for the run that may be joined."""
    may_join = connection.dialect.name == "postgresql"
    for run_id in _endless(connection, run.site):
        others = living(connection, run_id)
        if others and not (may_join and run_id == joined):
            raise StoreError(
                f"{others[0]} is reading {run.site} (run {run_id}): wait for it, or stop it; what it left is then "
                "taken up. With PostgreSQL several processes can read one site"
            )


def _endless(connection: Connection, site: str) -> Sequence[str]:
    """Find the runs of a site that have no end: somebody is reading for them, or has died."""
    return connection.scalars(select(runs.c.run_id).where(runs.c.site == site, runs.c.finished_at.is_(None))).all()


def _reopened(connection: Connection, last: RowMapping) -> Begun:
    unfinished = {"finished_at": None, "finish_reason": None}
    connection.execute(update(runs).where(runs.c.run_id == last["run_id"]).values(unfinished))
    # What was full for the one that left it need not be so for us.
    put_forward(connection, last["run_id"])
    return Begun(_run(last), taken_up=True, died=[])


def _newest(connection: Connection, run: Run) -> RowMapping | None:
    of_site = select(runs).where(runs.c.site == run.site, runs.c.spider == run.spider)
    return connection.execute(of_site.order_by(runs.c.started_at.desc()).limit(1)).mappings().first()


def _began_at(connection: Connection, run_id: str, starts: Sequence[str]) -> bool:
    """Say whether a run knows all these pages, or none at all: it was ended before it had any."""
    of_run = pages.c.run_id == run_id
    there = connection.scalar(select(func.count()).select_from(pages).where(of_run)) or 0
    known = select(func.count()).select_from(pages).where(of_run, pages.c.canonical_url.in_(starts))
    return not there or connection.scalar(known) == len(set(starts))


def _run(row: RowMapping) -> Run:
    fields: dict[str, Any] = {name: row[name] for name in Run.__slots__}
    return Run(**fields)
