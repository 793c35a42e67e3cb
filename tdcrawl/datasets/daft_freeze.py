"""Work on the records of a version with Daft: on this machine without holding them in memory, or on a Ray cluster.

The database hands its records out once, unread. What is as many as they are is the workers': reading, counting, what
ties groups, ranks, rows, parts. What is as many as groups comes here, where the same decisions are made as everywhere.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import daft
from daft import DataFrame, DataType, Expression, Window, col, lit
from daft.functions import row_number

from tdcrawl.balance.resample import Draw
from tdcrawl.datasets.daft_door import batch, read, start
from tdcrawl.datasets.daft_parts import Later
from tdcrawl.datasets.local_source import LocalSource
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.source import Counted, Making, Source, Stored, Tied
from tdcrawl.datasets.split import TRAIN, Group
from tdcrawl.datasets.split_files import Parts
from tdcrawl.records import RECORD_TYPES
from tdcrawl.store import selection
from tdcrawl.store.engine import Connection
from tdcrawl.store.versions import Line

_GROUP = ["site", "group_key"]
_RECORDS = "records"
# As many workers make rows at once; one process, which stores them, keeps up with no more.
_STRETCHES = 8
_UNREAD = ("data", "flags")
_NO_TEXT = {"scraped_at": DataType.timestamp("us", "UTC"), "label_confidence": DataType.float64()}
_LINE = DataType.struct(dict.fromkeys(Line._fields, DataType.string()))
# A rank is a number without sign; less this its order is kept, and Daft has a type for it.
_MIDDLE = 2**63


class DaftFreezing:
    """Freeze on Daft; `ray_address` is that of a Ray cluster, empty for this machine without Ray."""

    def __init__(self, ray_address: str) -> None:
        start(ray_address)

    def source(self, connection: Connection, plan: FreezePlan, scratch: Path) -> Source:
        """Put the records of the database where all workers see them."""
        for number, some in enumerate(selection.unread_records(connection, plan.wanted)):
            columns: dict[str, Any] = {name: [record[name] for record in some] for name in some[0]}
            typed = (col(name).cast(_NO_TEXT.get(name, DataType.string())) for name in columns)
            stretch = scratch / _RECORDS / f"{number:06}"
            daft.from_pydict(columns).select(*typed).write_parquet(str(stretch), compression="zstd")
        # Of nothing, this process tells as well.
        return DaftSource(plan, scratch) if (scratch / _RECORDS).exists() else LocalSource(connection, plan)

    def parts(self, scratch: Path) -> Parts:
        """Let workers write parts."""
        return Later(scratch)


class DaftSource:
    """Hold records in files of a folder: as they are, what is looked at of each, and where each goes."""

    def __init__(self, plan: FreezePlan, scratch: Path) -> None:
        self._scratch = scratch
        self._making = Making(plan)
        persons = RECORD_TYPES[plan.record_type].person_fields.values()
        records = self._read(_RECORDS)
        looked = records.select(_looking(self._making, records.column_names, list(persons)))
        looked.write_parquet(str(scratch / "keys"), compression="zstd")

    def groups(self) -> Iterator[tuple[Group, str, int]]:
        """Count by group and label."""
        counted = self._read("keys").groupby(*_GROUP, "label").agg(col("value").count("all").alias("number"))
        for row in counted.iter_rows():
            yield Group(row["site"], row["group_key"]), row["label"], row["number"]

    def clusters(self) -> Iterator[Tied]:
        """Find the clusters of several groups."""
        return self._tied(["cluster_id"])

    def authors(self, person: str) -> Iterator[Tied]:
        """Find the authors of several groups."""
        return self._tied(["site", person])

    def place(self, split_of: Mapping[Group, str]) -> None:
        """Bring the split of its group to each record."""
        groups: dict[str, Any] = {
            "site": [group.site for group in split_of],
            "group_key": [group.key for group in split_of],
            "split": list(split_of.values()),
        }
        self._splits = daft.from_pydict(groups)
        placed = self._read("keys").join(self._splits, on=[*_GROUP])
        placed.write_parquet(str(self._scratch / "placed"), compression="zstd")

    def counted(self) -> Counted:
        """Count by split, value and label."""
        counted = Counted()
        value = daft.sql_expr(f"CASE WHEN split = '{TRAIN}' THEN value ELSE '' END")
        groups = self._read("placed").with_column("value", value).groupby("split", "value", "label")
        numbers = groups.agg(col("site").count("all").alias("number"), col("complete").sum())
        for row in numbers.iter_rows():
            counted.records[row["split"], row["value"], row["label"]] = row["number"]
            if row["split"] == TRAIN:
                counted.complete[row["label"]] += row["complete"]
        return counted

    def lowest(self, wanted: Mapping[str, int]) -> Mapping[str, int]:
        """Number the ranks of each value."""
        if not wanted:
            return {}
        asked = daft.from_pydict({"value": list(wanted), "wanted": list(wanted.values())})
        in_order = Window().partition_by("value").order_by("rank")
        numbered = self._trained().join(asked, on="value").with_column("number", row_number().over(in_order))
        found = numbered.where("number = wanted").select("value", "rank")
        return {row["value"]: row["rank"] + _MIDDLE for row in found.iter_rows()}

    def drawn(self, last: Mapping[str, int]) -> Counter[tuple[str, str]]:
        """Count by value and label."""
        if not last:
            return Counter()
        asked = daft.from_pydict({"value": list(last), "last": [rank - _MIDDLE for rank in last.values()]})
        within = self._trained().join(asked, on="value").where("rank <= last")
        counted = within.groupby("value", "label").agg(col("rank").count("all").alias("number"))
        return Counter({(row["value"], row["label"]): row["number"] for row in counted.iter_rows()})

    def lines(self, draws: Mapping[str, Draw]) -> Iterator[Line]:
        """Make the rows and sort them, some stretches of ids at a time: sorted at once they would fill the memory."""
        stretches = sorted(f"{_RECORDS}/{path.name}" for path in (self._scratch / _RECORDS).iterdir())
        for first in range(0, len(stretches), _STRETCHES):
            records = self._read(*stretches[first : first + _STRETCHES]).join(self._splits, on=[*_GROUP])
            made = records.select(_making(self._making, records.column_names, draws)).where("data IS NOT NULL")
            for some in made.sort("record_id").to_arrow_iter():
                columns = (some.column(name).to_pylist() for name in Line._fields)
                yield from map(Line._make, zip(*columns, strict=True))

    def _trained(self) -> DataFrame:
        return self._read("placed").where(col("split") == lit(TRAIN))

    def _tied(self, thing: Sequence[str]) -> Iterator[Tied]:
        names = list(dict.fromkeys([*thing, *_GROUP]))
        named = self._read("keys").where(col(thing[-1]).not_null()).select(*names).distinct()
        several = named.groupby(*thing).agg(col("group_key").count("all").alias("groups")).where("groups > 1")
        for row in named.join(several, on=[*thing], how="semi").iter_rows():
            yield tuple(row[name] for name in thing), Group(row["site"], row["group_key"])

    def _read(self, *names: str) -> DataFrame:
        return read(file for name in names for file in (self._scratch / name).rglob("*.parquet"))


def _looking(making: Making, names: Sequence[str], persons: Sequence[str]) -> Expression:
    """Take out of a record what it is grouped and balanced by."""

    def look(*columns: Any) -> list[dict[str, Any]]:
        return [
            {
                **{name: stored[name] for name in (*_GROUP, "label", "cluster_id")},
                **{person: stored["data"].get(person) for person in persons},
                "value": making.value(stored),
                "rank": making.rank(stored["record_id"]) - _MIDDLE,
                "complete": int(making.is_complete(stored)),
            }
            for stored in _stored(names, columns)
        ]

    texts = dict.fromkeys((*_GROUP, "label", "cluster_id", *persons, "value"), DataType.string())
    kinds = texts | dict.fromkeys(("rank", "complete"), DataType.int64())
    return batch(look, DataType.struct(kinds), unnest=True)(*map(col, names))


def _making(making: Making, names: Sequence[str], draws: Mapping[str, Draw]) -> Expression:
    def make(*columns: Any) -> list[dict[str, Any] | None]:
        lines = (making.line(stored, stored["split"], draws) for stored in _stored(names, columns))
        return [line._asdict() if line else None for line in lines]

    return batch(make, _LINE, unnest=True)(*map(col, names))


def _stored(names: Sequence[str], columns: Sequence[Any]) -> Iterator[Stored]:
    for row in zip(*(column.to_pylist() for column in columns), strict=True):
        stored = dict(zip(names, row, strict=True))
        yield stored | {name: json.loads(stored[name]) for name in _UNREAD}
