"""The sites that were crawled, and how their last runs went."""

from typing import Any

from sqlalchemy import Engine, RowMapping, select

from tdcrawl.store.tables import runs
from tdcrawl.store.workers import is_read

FAILURES = "tdcrawl/failures"
"""Where the stats of a run keep what made it a failure; a run that ended before it was judged has no such list."""


def last_runs(engine: Engine) -> dict[str, dict[str, Any]]:
    """Find the newest run of each site, by the site's name, with its `health`: ok, failed or running."""
    with engine.connect() as connection:
        rows = connection.execute(select(runs).order_by(runs.c.started_at)).mappings()
        newest = {row["site"]: row for row in rows}
        return {
            site: {**row, "health": _health(row, alive=not row["finished_at"] and is_read(connection, row["run_id"]))}
            for site, row in newest.items()
        }


def _health(run: RowMapping, *, alive: bool) -> str:
    if alive:
        return "running"
    return "ok" if (run["stats"] or {}).get(FAILURES) == [] else "failed"
