"""The shares of a run, which drift.py compares: of its new items, their fields and strata, of its pages and readers.

New are the items that no earlier run had tried: what failed or was over quota comes back with every run.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Select, Table, func, select

from tdcrawl.drift import ENOUGH, Alarm, Group, Past, Shares, alarms
from tdcrawl.outcomes import Bucket, PageReason, PageState
from tdcrawl.records.base import RecordType
from tdcrawl.store.beginning import FINISHED
from tdcrawl.store.overview import ALARMS, FAILURES, SHARES
from tdcrawl.store.rows import Run
from tdcrawl.store.tables import failed_records, outcomes, over_quota, pages, records, runs
from tdcrawl.store.verify import KEPT

_READER = "tdcrawl/reader/"
_SELECTOR = f"{_READER}css/"
_LOST = f"tdcrawl/pages/{PageState.FAILED}/{PageReason.FIELD_LOST}"
_NOTHING = Group(of=0, found={})
# Runs: what a site was longer ago teaches little, and each takes some milliseconds.
_MEMORY = 100


def compare(
    engine: Engine, run: Run, reason: str, record_type: RecordType, stats: Mapping[str, Any]
) -> tuple[Shares, list[Alarm]]:
    """Collect the shares of a run that has ended, and what is strange about them if it has read all of its site."""
    with engine.connect() as connection:
        shares = collect(connection, run.run_id, record_type, stats)
        return shares, alarms(shares, learned(connection, run)) if reason == FINISHED else []


def collect(connection: Connection, run_id: str, record_type: RecordType, stats: Mapping[str, Any]) -> Shares:
    """Count a run's shares as its ledger stands; only what readers and selectors found is known from stats alone."""
    return {
        "items": _items(connection, run_id),
        "fields": _fields(connection, run_id, record_type),
        "strata": _strata(connection, run_id),
        "pages": _pages(connection, run_id),
        **_read_by(stats),
    }


def learned(connection: Connection, run: Run) -> list[Past]:
    """Give the shares of the runs before this one, the oldest first, each with what was strange about it."""
    before = finished_before(connection, asdict(run), _MEMORY)
    return [Past(row["stats"][SHARES], {alarm["share"] for alarm in row["stats"][ALARMS]}) for row in before]


def taught(engine: Engine, run: Run, record_type: RecordType) -> Group:
    """Tell in how many items of the last good crawl of a site each field was found; of none where nothing teaches.

    Good are those that did not fail, and in which no field was lost.
    """
    crawl = {**asdict(run), "spider": record_type.spider}
    with engine.connect() as connection:
        # Newest first, and seldom more than one: each takes some milliseconds.
        for row in connection.execute(_finished_before(crawl, _MEMORY)).mappings():
            stats = row["stats"] or {}
            fields: Group = stats.get(SHARES, {}).get("fields", _NOTHING)
            if stats.get(FAILURES) == [] and _LOST not in stats and fields["of"] >= ENOUGH:
                return fields
    return _NOTHING


def finished_before(connection: Connection, run: Mapping[str, Any], most: int) -> list[RowMapping]:
    """Find the newest runs of a site before one, so many at most, of which the shares are known; the oldest first.

    Only runs that finished: what a limit or a signal left unread would have had other shares.
    """
    newest_first = connection.execute(_finished_before(run, most)).mappings().all()
    return [row for row in reversed(newest_first) if SHARES in (row["stats"] or {})]


def _finished_before(run: Mapping[str, Any], most: int) -> Select[Any]:
    return (
        select(runs)
        .where(
            runs.c.site == run["site"],
            runs.c.record_type == run["record_type"],
            runs.c.spider == run["spider"],
            runs.c.started_at < run["started_at"],
            runs.c.finish_reason == FINISHED,
        )
        .order_by(runs.c.started_at.desc())
        .limit(most)
    )


def _new_in(run_id: str) -> ColumnElement[bool]:
    return (outcomes.c.run_id == run_id) & (outcomes.c.reopened == 0)


def _items(connection: Connection, run_id: str) -> Group:
    ends = select(outcomes.c.bucket, outcomes.c.reason, func.count()).where(
        _new_in(run_id), outcomes.c.bucket != Bucket.PENDING
    )
    of, found = 0, Counter[str]()
    for bucket, reason, number in connection.execute(ends.group_by(outcomes.c.bucket, outcomes.c.reason)):
        of += number
        if bucket in {Bucket.FAILED, Bucket.DUPLICATE}:
            found[bucket] += number
        if bucket == Bucket.FAILED:
            found[f"{bucket}, {reason}"] += number
    return Group(of=of, found=dict(found))


def _fields(connection: Connection, run_id: str, record_type: RecordType) -> Group:
    """Count in which items each field was found, wherever they ended: a full quota is no change of the site."""
    of, found = 0, Counter[str]()
    for table in KEPT:
        told = [
            (name, failed_records.c.item[name] if table is failed_records else table.c.data[kept])
            for name, kept in record_type.told_fields.items()
        ]
        counts = [func.count(func.nullif(value.as_string(), "")) for _, value in told]
        here, *numbers = connection.execute(_of_run(table, run_id, func.count(), *counts)).one()
        of += here
        found.update({name: number for (name, _), number in zip(told, numbers, strict=True)})
    return Group(of=of, found=dict(found))


def _strata(connection: Connection, run_id: str) -> Group:
    """Count records and surplus ones by stratum: whether a stratum still had seats is no matter of the site."""
    found = Counter[str]()
    for table in (records, over_quota):
        query = _of_run(table, run_id, table.c.stratum, func.count()).group_by(table.c.stratum)
        found.update(dict(connection.execute(query).all()))
    return Group(of=found.total(), found=dict(found))


def _pages(connection: Connection, run_id: str) -> Group:
    read = pages.c.state.in_([PageState.DONE, PageState.FAILED])
    query = select(pages.c.state, func.count()).where(pages.c.run_id == run_id, read).group_by(pages.c.state)
    states: dict[str, int] = dict(connection.execute(query).all())
    return Group(of=sum(states.values()), found={PageState.FAILED.value: states.get(PageState.FAILED, 0)})


def _read_by(stats: Mapping[str, Any]) -> dict[str, Group]:
    """Count pages by the reader that found records and, for each field with several selectors, records by selector."""
    groups: dict[str, dict[str, int]] = defaultdict(dict, readers={})
    for name, number in stats.items():
        if name.startswith(_SELECTOR):
            field, _, place = name.removeprefix(_SELECTOR).partition("/")
            groups[f"selectors of {field}"][place] = number
        elif name.startswith(_READER):
            groups["readers"][name.removeprefix(_READER)] = number
    return {group: Group(of=sum(found.values()), found=found) for group, found in groups.items()}


def _of_run(table: Table, run_id: str, *columns: Any) -> Any:
    key, _ = KEPT[table]
    return select(*columns).select_from(table.join(outcomes, outcomes.c.item_id == key)).where(_new_in(run_id))
