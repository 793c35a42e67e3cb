"""What is different between two versions, row by row."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from tdcrawl.datasets.version import existing
from tdcrawl.errors import DatasetError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.columns import ColumnType, Row
from tdcrawl.store import parquet, versions
from tdcrawl.store.atomic import new_directory
from tdcrawl.store.engine import Connection, Engine, reading
from tdcrawl.store.versions import Line

FILE = "diff.parquet"
_TEXT = ColumnType.TEXT
COLUMNS = {
    "record_id": _TEXT, "changes": _TEXT, "columns": _TEXT, "split_before": _TEXT, "split_after": _TEXT,
    "label_before": _TEXT, "label_after": _TEXT,
}  # fmt: skip


class Change(StrEnum):
    """Name what can be different about a row; of a row in both versions several can."""

    ADDED = "added"
    REMOVED = "removed"
    RELABELLED = "relabelled"
    MOVED = "moved"
    TEXT_CHANGED = "text_changed"
    OTHERWISE = "changed_otherwise"


@dataclass
class Diff:
    """Hold how many rows differ and how: `rows_before` + added - removed = `rows_after` = added + unchanged + changed.

    `relabelled` counts from which label to which (`negative > neutral`).
    """

    before: str
    after: str
    rows_before: int = 0
    rows_after: int = 0
    unchanged: int = 0
    changed: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, Change), 0))
    relabelled: dict[str, int] = field(default_factory=dict)
    location: str | None = None


def compare(engine: Engine, before: str, after: str, target: Path | None = None) -> Diff:
    """Compare two versions of a record type; with a target, write `target/vA-vB/diff.parquet`, a row a difference.

    Raises DatasetError where there is no such version, or they are of different types; StoreError where the file cannot
    be written.
    """
    diff = Diff(before, after)
    with reading(engine) as connection:
        kinds = [existing(connection, name).record_type for name in (before, after)]
        if kinds[0] != kinds[1]:
            raise DatasetError(
                f"{before} holds {kinds[0]} records, {after} holds {kinds[1]} records: nothing to compare"
            )
        rows = _rows(connection, diff, set(RECORD_TYPES[kinds[0]].masked_fields))
        if target is None:
            for _ in rows:
                pass
            return diff
        place = target.absolute() / f"{before}-{after}"
        with new_directory(place) as draft:
            parquet.write(draft / FILE, COLUMNS, rows)
    diff.location = str(place)
    return diff


def _rows(connection: Connection, diff: Diff, texts: set[str]) -> Iterator[Row]:
    """Give a row for each that differs, and count them."""
    relabelled: Counter[str] = Counter()
    for one, other in _side_by_side(connection, diff.before, diff.after):
        diff.rows_before += one is not None
        diff.rows_after += other is not None
        if one and other and one.data == other.data:
            diff.unchanged += 1
            continue
        diff.changed += bool(one and other)
        row = _difference(one, other, texts)
        for change in row["changes"].split(","):
            diff.counts[change] += 1
        if Change.RELABELLED in row["changes"]:
            relabelled[f"{row['label_before']} > {row['label_after']}"] += 1
        yield row
    diff.relabelled = dict(sorted(relabelled.items()))


def _side_by_side(connection: Connection, before: str, after: str) -> Iterator[tuple[Line | None, Line | None]]:
    """Pair the rows of two versions by record id; one that only one version has stands alone."""
    ones, others = (versions.frozen_lines(connection, name) for name in (before, after))
    one, other = next(ones, None), next(others, None)
    while one or other:
        if one and other and one.record_id == other.record_id:
            yield one, other
            one, other = next(ones, None), next(others, None)
        elif other is None or (one and one.record_id < other.record_id):
            yield one, None
            one = next(ones, None)
        else:
            yield None, other
            other = next(others, None)


def _difference(one: Line | None, other: Line | None, texts: set[str]) -> Row:
    before, after = (from_json(line.data) if line else {} for line in (one, other))
    columns = [name for name in before if before[name] != after.get(name)] if before and after else []
    whens = (("before", before), ("after", after))
    told = {f"{name}_{when}": row.get(name) for name in ("split", "label") for when, row in whens}
    changes = ",".join(_changes(before, after, set(columns), texts))
    return {"record_id": (before or after)["record_id"], "changes": changes, "columns": ",".join(columns), **told}


def _changes(before: dict[str, Any], after: dict[str, Any], columns: set[str], texts: set[str]) -> Iterator[Change]:
    if not before or not after:
        yield Change.REMOVED if before else Change.ADDED
        return
    if "label" in columns:
        yield Change.RELABELLED
    if "split" in columns:
        yield Change.MOVED
    if columns & texts:
        yield Change.TEXT_CHANGED
    if not columns & {"label", "split", *texts}:
        yield Change.OTHERWISE
