"""The sites that were crawled, how their last runs went, and who is crawling now."""

from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, select

from tdcrawl.outcomes import PageState
from tdcrawl.store.beginning import REPLAY
from tdcrawl.store.life import is_alive
from tdcrawl.store.tables import pages, runs
from tdcrawl.store.worker_tables import hosts, workers
from tdcrawl.store.workers import is_read

FAILURES = "tdcrawl/failures"
"""Where the stats of a run keep what made it a failure; a run that ended before it was judged has no such list."""
WARNINGS = "tdcrawl/warnings"
EXPECTED = "tdcrawl/expected"
ALARMS = "tdcrawl/alarms"
SHARES = "tdcrawl/shares"
"""Where they keep what else was said of it: what to look at, what its site file expects, and what drift.py compares."""


def last_runs(engine: Engine, run_id: str | None = None) -> dict[str, dict[str, Any]]:
    """Find the newest run of each site, or one alone, by the site's name, with its `health`: ok, failed or running."""
    # A replay says nothing of how its site is.
    wanted = runs.c.spider != REPLAY if run_id is None else runs.c.run_id == run_id
    with engine.connect() as connection:
        rows = connection.execute(select(runs).where(wanted).order_by(runs.c.started_at)).mappings()
        newest = {row["site"]: row for row in rows}
        return {
            site: {**row, "health": _health(row, alive=not row["finished_at"] and is_read(connection, row["run_id"]))}
            for site, row in newest.items()
        }


def _health(run: RowMapping, *, alive: bool) -> str:
    if alive:
        return "running"
    return "ok" if (run["stats"] or {}).get(FAILURES) == [] else "failed"


def at_work(engine: Engine) -> list[dict[str, Any]]:
    """List the workers that are alive, the oldest first: site, run, hosts and pages, in JSON values."""
    query = select(workers, runs.c.site).join(runs, runs.c.run_id == workers.c.run_id)
    with engine.connect() as connection:
        found = connection.execute(query.where(workers.c.ended_at.is_(None)).order_by(workers.c.started_at)).all()
        return [_worker(connection, row) for row in found if is_alive(connection, row.worker_id)]


def _worker(connection: Connection, row: Any) -> dict[str, Any]:
    mine = select(func.count()).select_from(pages).where(pages.c.leased_by == row.worker_id)
    held = select(hosts.c.host).where(hosts.c.worker_id == row.worker_id).order_by(hosts.c.host)
    return {
        "worker": row.worker_id,
        "site": row.site,
        "run": row.run_id,
        "process": row.process,
        "machine": row.machine,
        "started_at": row.started_at.isoformat(timespec="seconds"),
        "pages_in_hand": connection.scalar(mine.where(pages.c.state == PageState.PENDING)),
        "pages_read": connection.scalar(mine.where(pages.c.state != PageState.PENDING)),
        "hosts": list(connection.scalars(held)),
    }
