"""HOW DID IT GO? The figures of a report, as JSON values."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tdcrawl.labeling.agreement import agreement
from tdcrawl.labeling.quality import audits
from tdcrawl.outcomes import Bucket, PageState
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import RecordType
from tdcrawl.store.engine import Connection, Engine, reading
from tdcrawl.store.label_figures import label_figures, spending
from tdcrawl.store.overview import ALARMS, EXPECTED, FAILURES, WARNINGS
from tdcrawl.store.review_figures import all_answered
from tdcrawl.store.run_figures import by_stratum, chosen_runs, coverage, item_ends, pace, page_ends

Figures = dict[str, Any]
Seats = Callable[[RecordType], Mapping[str, int]]


def collect(engine: Engine, run_id: str | None, stages: Sequence[str], seats: Seats) -> Figures:
    """Collect the figures of a run, or of the newest one of each site; raises StoreError where there is no such run.

    `stages` are their names in their order, `seats` gives the quota of a record type.
    """
    runs = chosen_runs(engine, run_id)
    ids = [run["run_id"] for run in runs]
    with reading(engine) as connection:
        items, pages = item_ends(connection, ids), page_ends(connection, ids)
        types = [RECORD_TYPES[name] for name in sorted({run["record_type"] for run in runs})]
        return {
            "runs": [_run(connection, run, items, pages) for run in runs],
            "funnel": _funnel(items, stages),
            "balance": [line for kind in types for line in _balance(connection, kind, ids, seats(kind))],
            "labels": label_figures(connection, [kind.name for kind in types])
            | {"spending": spending(connection), "quality": audits(connection)}
            | {"agreement": agreement(all_answered(connection))},
            "failures": _failures(runs, items, pages),
        }


def _run(connection: Connection, run: dict[str, Any], items: list[Figures], pages: list[Figures]) -> Figures:
    record_type = RECORD_TYPES[run["record_type"]]
    # Those of a run that was taken up again are of the process before.
    stats = run["stats"] if run["finished_at"] and run["stats"] else {}
    by_bucket, by_state = _sum(items, run["run_id"], "bucket"), _sum(pages, run["run_id"], "state")
    fields = coverage(connection, run, record_type)
    return {
        "run": run["run_id"],
        "site": run["site"],
        "record_type": run["record_type"],
        "started_at": _time(run["started_at"]),
        "finished_at": run["finished_at"] and _time(run["finished_at"]),
        "reason": run["finish_reason"],
        "health": run["health"],
        "items": {"yielded": by_bucket.total(), **{bucket.value: by_bucket[bucket] for bucket in Bucket}},
        "pages": {"scheduled": by_state.total(), **{state.value: by_state[state] for state in PageState}},
        "failures": stats.get(FAILURES, []),
        "warnings": stats.get(WARNINGS, []),
        "expected": stats.get(EXPECTED, {}),
        "alarms": stats.get(ALARMS, []),
        "coverage": [{**told, "started_at": _time(told["started_at"])} for told in fields],
        "pace": asdict(pace(connection, run)),
    }


def _funnel(items: list[Figures], stages: Sequence[str]) -> list[Figures]:
    """Follow the settled items from stage to stage, by where the ledger says that each was stopped."""
    stopped: dict[str, Counter[str]] = {stage: Counter() for stage in stages}
    for row in items:
        if row["stage"]:
            stopped.setdefault(row["stage"], Counter())[row["reason"]] += row["number"]
    # What waits for its label has come to a stage; what is pending otherwise is on its way.
    left, steps = sum(row["number"] for row in items if row["bucket"] != Bucket.PENDING or row["stage"]), []
    for stage, reasons in stopped.items():
        seen, left = left, left - reasons.total()
        steps.append({"stage": stage, "seen": seen, "passed": left, "rejected": seen - left, "reasons": dict(reasons)})
    return steps


def _balance(
    connection: Connection, record_type: RecordType, run_ids: Sequence[str], seats: Mapping[str, int]
) -> list[Figures]:
    found = by_stratum(connection, record_type.name, run_ids)
    nothing = {"records": 0, "new": 0, "surplus": 0}
    return [
        {
            "record_type": record_type.name,
            "stratum": stratum,
            **found.get(stratum, nothing),
            "seats": seats.get(stratum),
        }
        for stratum in dict.fromkeys((*record_type.labels, *found))
    ]


def _failures(runs: list[dict[str, Any]], items: list[Figures], pages: list[Figures]) -> list[Figures]:
    sites = {run["run_id"]: run["site"] for run in runs}
    failed = [("items", row) for row in items if row["bucket"] == Bucket.FAILED]
    failed += [("pages", row) for row in pages if row["state"] == PageState.FAILED]
    counted = Counter[tuple[str, str, str]]()
    for what, row in failed:
        counted[what, row["reason"], sites[row["run_id"]]] += row["number"]
    return [
        {"what": what, "reason": reason, "site": site, "number": number}
        for (what, reason, site), number in counted.most_common()
    ]


def _sum(rows: list[Figures], run_id: str, by: str) -> Counter[str]:
    counted = Counter[str]()
    for row in rows:
        if row["run_id"] == run_id:
            counted[row[by]] += row["number"]
    return counted


def _time(moment: Any) -> str:
    text: str = moment.isoformat(timespec="seconds")
    return text
