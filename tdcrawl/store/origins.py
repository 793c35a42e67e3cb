"""What the database knows of how the records of a type came to be as they are: in JSON values, in a fixed order."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
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
    dates, persons = _said(connection, RECORD_TYPES[record_type], wanted)
    masked, said = _flags_and_permissions(connection, wanted)
    return {
        "dates": dates,
        "stages": _stages(connection, record_type),
        "least_alike": _least_alike(connection, record_type),
        "masked": masked,
        "persons": persons,
        "refused": _refused(connection, record_type),
        "permissions": said,
    }


def _said(
    connection: Connection, kind: RecordType, wanted: ColumnElement[bool]
) -> tuple[dict[str, dict[str, Any]], dict[str, int]]:
    """Give the first and last day of each time that records tell of, and how many do; and how many hide a person.

    All at once, by the field that holds it: SQLite reads the JSON of a record once for each statement.
    """
    columns = columns_of(kind)
    times = [name for name in columns if columns[name] is ColumnType.TIME and name in kind.model_fields]
    days, persons = [func.substr(_field(name), 1, _DAY) for name in times], list(kind.person_fields.values())
    asked = [told for day in days for told in (func.min(day), func.max(day), func.count(day))]
    asked += [func.count(_field(hashed)) for hashed in persons]
    found = iter(connection.execute(select(func.count(), *asked).where(wanted)).one()[1:])
    dates = {name: dict(zip(("from", "to", "records"), found, strict=False)) for name in times}
    return dates, dict(zip(persons, found, strict=True))


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


def _flags_and_permissions(
    connection: Connection, wanted: ColumnElement[bool]
) -> tuple[dict[str, int], dict[str, dict[str, Any]]]:
    """Count the records by what was masked in them, and by what their site said of training when they were read."""
    read = pages.join(permissions, permissions.c.permission_id == pages.c.permission_id)
    joined = records.outerjoin(read, pages.c.page_id == records.c.page_id)
    by = cast(records.c.flags, Text), permissions.c.verdict
    told = select(*by, func.count(), func.min(permissions.c.read_at), func.max(permissions.c.read_at))
    masked, said = Counter[str](), defaultdict[str, list[Any]](list)
    for listed, verdict, *counted in connection.execute(told.select_from(joined).where(wanted).group_by(*by)):
        for flag in {flag for flag in json.loads(listed) if flag.startswith(_MASKED)}:
            masked[flag.removeprefix(_MASKED)] += counted[0]
        said[verdict or ""].append(counted)
    return dict(sorted(masked.items())), {verdict or "not_read": _read(said[verdict]) for verdict in sorted(said)}


def _read(counted: Iterable[Any]) -> dict[str, Any]:
    """Sum up how many pages were read from when to when; without a time where none was."""
    numbers, first, last = zip(*counted, strict=True)
    begun, ended = filter(None, first), filter(None, last)
    from_, to = min(begun, default=None), max(ended, default=None)
    return {"records": sum(numbers), "from": from_ and from_.isoformat(), "to": to and to.isoformat()}


def _field(name: str) -> ColumnElement[str]:
    text: ColumnElement[str] = records.c.data[name].as_string()
    return text
