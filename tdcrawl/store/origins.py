"""What the database knows of how the records of a type came to be as they are: in JSON values, in a fixed order."""

import json
from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, select

from tdcrawl.outcomes import DedupReason, PageReason
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import RecordType
from tdcrawl.records.columns import ColumnType, columns_of
from tdcrawl.store.permission_tables import permissions
from tdcrawl.store.tables import duplicates, pages, records, runs

_MASKED = "masked_"
_REFUSED = (PageReason.OPTED_OUT, PageReason.ROBOTS_DISALLOWED)
_DAY = 10  # of the letters of a time begin with its date


def origins(connection: Connection, record_type: str, wanted: ColumnElement[bool]) -> dict[str, Any]:
    """Tell of the wanted records their dates, stages, copies, and what was hidden; and which pages were left alone."""
    kind = RECORD_TYPES[record_type]
    return {
        "dates": _dates(connection, kind, wanted),
        "stages": _stages(connection, record_type),
        "least_alike": _least_alike(connection, record_type),
        "masked": _masked(connection, wanted),
        "persons": _persons(connection, kind, wanted),
        "refused": _refused(connection, record_type),
        "permissions": _permissions(connection, wanted),
    }


def _dates(connection: Connection, kind: RecordType, wanted: ColumnElement[bool]) -> dict[str, dict[str, Any]]:
    """Give the first and last day of each time that a record tells of, and how many tell of one."""
    found = {}
    times = [name for name, column in columns_of(kind).items() if column is ColumnType.TIME]
    for name in (name for name in times if name in kind.model_fields):
        day = func.substr(_field(name), 1, _DAY)
        query = select(func.min(day), func.max(day), func.count(day)).where(wanted)
        first, last, number = connection.execute(query).one()
        found[name] = {"from": first, "to": last, "records": number}
    return found


def _stages(connection: Connection, record_type: str) -> dict[str, Any]:
    """Count the runs that told of stages, and for each stage those in which it saw items."""
    # None where a run has not ended.
    told = connection.scalars(select(runs.c.stats).where(runs.c.record_type == record_type))
    ran = [{name.split("/")[1] for name in stats or {} if name.endswith("/seen")} for stats in told]
    counts = Counter(stage for stages in ran for stage in stages)
    return {"runs": sum(map(bool, ran)), "saw_items": dict(sorted(counts.items()))}


def _least_alike(connection: Connection, record_type: str) -> float | None:
    """Give the similarity (Jaccard, 0-1) of the near copy that is least like what it repeats; None without any."""
    near = (duplicates.c.record_type == record_type) & (duplicates.c.reason == DedupReason.NEAR_DUPLICATE)
    least = connection.scalar(select(func.min(duplicates.c.score)).where(near))
    return None if least is None else round(least, 4)


def _masked(connection: Connection, wanted: ColumnElement[bool]) -> dict[str, int]:
    """Count the records in which something was masked, by what it was."""
    flags = cast(records.c.flags, Text)
    query = select(flags, func.count()).where(wanted).group_by(flags)
    counts: Counter[str] = Counter()
    for listed, number in connection.execute(query):
        for flag in {flag for flag in json.loads(listed) if flag.startswith(_MASKED)}:
            counts[flag.removeprefix(_MASKED)] += number
    return dict(sorted(counts.items()))


def _persons(connection: Connection, kind: RecordType, wanted: ColumnElement[bool]) -> dict[str, int]:
    """Count the records that hold a hash instead of a person, by the field that holds it."""
    return {
        hashed: connection.scalar(select(func.count(_field(hashed))).where(wanted)) or 0
        for hashed in kind.person_fields.values()
    }


def _refused(connection: Connection, record_type: str) -> dict[str, dict[str, int]]:
    """Count by site and reason the pages that their sites do not want to be read."""
    query = (
        select(pages.c.site, pages.c.reason, func.count(pages.c.canonical_url.distinct()))
        .join(runs, runs.c.run_id == pages.c.run_id)
        .where(runs.c.record_type == record_type, pages.c.reason.in_(_REFUSED))
        .group_by(pages.c.site, pages.c.reason)
    )
    counts: dict[str, dict[str, int]] = {}
    for site, reason, number in sorted(connection.execute(query)):
        counts.setdefault(site, {})[reason] = number
    return counts


def _permissions(connection: Connection, wanted: ColumnElement[bool]) -> dict[str, Any]:
    """Count the records by what their site said of training when their page was read, and tell when that was."""
    read = pages.join(permissions, permissions.c.permission_id == pages.c.permission_id)
    joined = records.outerjoin(read, pages.c.page_id == records.c.page_id)
    told = select(permissions.c.verdict, func.count(), func.min(permissions.c.read_at), func.max(permissions.c.read_at))
    found = connection.execute(told.select_from(joined).where(wanted).group_by(permissions.c.verdict))
    return {
        verdict or "not_read": {"records": number, "from": first and first.isoformat(), "to": last and last.isoformat()}
        for verdict, number, first, last in sorted(found, key=lambda row: row[0] or "")
    }


def _field(name: str) -> ColumnElement[str]:
    text: ColumnElement[str] = records.c.data[name].as_string()
    return text
