"""What runs came to, counted in the database: where items and pages ended, how full the strata are, and the pace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Engine, cast, extract, func, select

from tdcrawl.errors import StoreError
from tdcrawl.outcomes import Bucket, PageState
from tdcrawl.records.base import RecordType
from tdcrawl.store.overview import SHARES, last_runs
from tdcrawl.store.shares import collect, finished_before
from tdcrawl.store.tables import outcomes, over_quota, pages, records

_MOST_STEPS = 60
# Seconds that people count in.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_RUNS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Pace:
    """Hold how many pages ended and items were settled in each step of a run, from its beginning."""

    seconds: int
    pages: list[int]
    items: list[int]


def chosen_runs(engine: Engine, run_id: str | None) -> list[dict[str, Any]]:
    """Give a run by its id, else the newest of each site, each with its `health`; raises StoreError."""
    found = last_runs(engine, run_id)
    if run_id is not None and not found:
        raise StoreError(f"no run is called {run_id!r}; the folders in runs/ have the names of those there are")
    return [found[site] for site in sorted(found)]


def item_ends(connection: Connection, run_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Count the items of runs: `run_id`, `bucket`, `stage`, `reason`, `number`."""
    by = (outcomes.c.run_id, outcomes.c.bucket, outcomes.c.stage, outcomes.c.reason)
    return _counted(connection, by, outcomes.c.run_id.in_(run_ids))


def page_ends(connection: Connection, run_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Count the pages of runs: `run_id`, `state`, `reason`, `number`."""
    return _counted(connection, (pages.c.run_id, pages.c.state, pages.c.reason), pages.c.run_id.in_(run_ids))


def by_stratum(connection: Connection, record_type: str, run_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Count by stratum all `records` of a type, those that are `new` in runs, and what is `surplus` in all."""
    of_type = records.c.record_type == record_type
    wanted = {
        "records": (records, of_type),
        "new": (records, of_type & records.c.run_id.in_(run_ids)),
        "surplus": (over_quota, over_quota.c.record_type == record_type),
    }
    found: dict[str, dict[str, int]] = {}
    for what, (table, where) in wanted.items():
        for row in _counted(connection, (table.c.stratum,), where):
            found.setdefault(row["stratum"], dict.fromkeys(wanted, 0))[what] = row["number"]
    return found


def coverage(connection: Connection, run: dict[str, Any], record_type: RecordType) -> list[dict[str, Any]]:
    """Tell in how many new items each field was found, in a run and those that finished before it, oldest first."""
    told = [*finished_before(connection, run, _RUNS_SHOWN - 1), run]
    return [_fields(connection, row, record_type) for row in told]


def pace(connection: Connection, run: dict[str, Any]) -> Pace:
    """Count pages and items over the time of a run, in some tens of steps of whole seconds."""
    began, of_items = run["started_at"], outcomes.c.run_id == run["run_id"]
    read = (pages.c.run_id == run["run_id"]) & pages.c.state.in_([PageState.DONE, PageState.FAILED])
    # Not when the run ended: for one that died that is when the next one found it. And what a better copy of a later
    # run moved was settled after it.
    ended = connection.scalar(select(func.max(pages.c.finished_at)).where(read)) or began
    lasted = (ended - began).total_seconds()
    seconds = next((step for step in _STEPS if lasted / step < _MOST_STEPS), _STEPS[-1])
    settled = of_items & (outcomes.c.bucket != Bucket.PENDING) & (outcomes.c.at <= ended)
    here = [(pages.c.finished_at, read), (outcomes.c.at, settled)]
    return Pace(
        seconds, *(_steps(connection, at, where, began, seconds, int(lasted / seconds) + 1) for at, where in here)
    )


def _steps(connection: Connection, at: Column[Any], where: Any, began: datetime, seconds: int, steps: int) -> list[int]:
    step = (cast(extract("epoch", at), BigInteger) - int(began.timestamp())) // seconds
    counted = [0] * steps
    for number, count in connection.execute(select(step, func.count()).where(where).group_by(step)):
        counted[min(number, steps - 1)] += count
    return counted


def _fields(connection: Connection, run: Any, record_type: RecordType) -> dict[str, Any]:
    is_known = run["finished_at"] and SHARES in (run["stats"] or {})
    shares = run["stats"][SHARES] if is_known else collect(connection, run["run_id"], record_type, {})
    return {"run": run["run_id"], "started_at": run["started_at"], **shares["fields"]}


def _counted(connection: Connection, by: Sequence[Column[Any]], where: Any) -> list[dict[str, Any]]:
    query = select(*by, func.count().label("number")).where(where).group_by(*by).order_by(*by)
    return [dict(row) for row in connection.execute(query).mappings()]
