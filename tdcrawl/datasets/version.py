"""WHICH ROWS, FROZEN? A version is rows, a view and files that belong together and never change again."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from tdcrawl import __version__
from tdcrawl.datasets.export import MANIFEST, MAX_CSV_ROWS, Description, Writer, Written
from tdcrawl.datasets.objections import Objections, before_reading, before_sealing
from tdcrawl.datasets.plan import Authors, FreezePlan, check_name
from tdcrawl.datasets.selection import Counts, Selection
from tdcrawl.errors import DatasetError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.columns import columns_of
from tdcrawl.store import parquet, places, selection, versions
from tdcrawl.store.engine import Connection, Engine, writing
from tdcrawl.store.places import Place
from tdcrawl.store.telling import Tell, counted, silent
from tdcrawl.store.versions import Line, Version

SCHEMA_VERSION = 1
_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Frozen:
    """Say what a freeze or an export made, and where."""

    version: str
    location: str
    rows: int
    rows_sha256: str
    manifest_sha256: str
    parameters: dict[str, Any]
    counts: Counts


def freeze(
    engine: Engine, plan: FreezePlan, target: Path | Place, *, named: bool = True, tell: Tell = silent
) -> Frozen:
    """Freeze the records of a type as `target/vN`, with its rows and view in the database; `target` may be in S3.

    A freeze that was cut off between database and files is finished, as and where it was planned then: a target that
    the user `named` must be that place. Raises DatasetError where it is another, the version is there already, the
    ledger is broken, nothing can be frozen, or the balance cannot be had; StoreError where the files cannot be written.
    """
    with engine.connect() as connection:
        stored = versions.find_version(connection, plan.version)
    asked = places.find(target) / plan.version
    if stored is None:
        return _freeze(engine, plan, asked, before_reading(engine, plan), tell)
    place = places.find(stored.location)
    if MANIFEST in place.files():
        raise _frozen_already(plan.version)
    if named and not asked.is_same(place):
        raise DatasetError(
            f"{plan.version} was frozen to {place}, where its files are missing: freeze it without --to to write them "
            f"there again, or write a copy with `dataset export {plan.version} --to DIR`"
        )
    return _export(engine, plan.version, place, tell)


def export(engine: Engine, name: str, target: Path | Place, *, tell: Tell = silent) -> Frozen:
    """Write a frozen version once more, as `target/vN`; raises DatasetError where the bytes would not be the same."""
    return _export(engine, name, places.find(target) / name, tell)


def _export(engine: Engine, name: str, place: Place, tell: Tell) -> Frozen:
    with engine.connect() as connection:
        stored = existing(connection, name)
        with place.new(MANIFEST, tell) as draft:
            written = _write(connection, stored.parameters, draft, tell)
            if written.manifest_sha256 != stored.manifest_sha256:
                raise DatasetError(
                    f"{name} cannot be written as it was: `dataset verify {name}` tells whether its rows have changed; "
                    f"it was written by {stored.parameters['writer']}, this is {parquet.WRITER}"
                )
    return _frozen(stored.parameters, written, place)


def existing(connection: Connection, name: str) -> Version:
    """Find a version; raises DatasetError, with those there are, where it was never frozen."""
    check_name(name)
    if found := versions.find_version(connection, name):
        return found
    known = ", ".join(version.name for version in versions.versions(connection)) or "none yet"
    raise DatasetError(f"{name} was never frozen; frozen versions: {known}")


def _freeze(engine: Engine, plan: FreezePlan, place: Place, accepted: Objections, tell: Tell) -> Frozen:
    # The files appear after the commit: a version in the database can be written again, files alone prove nothing.
    with place.new(MANIFEST, tell) as draft, writing(engine) as connection:
        if versions.find_version(connection, plan.version):
            raise _frozen_already(plan.version)
        parent = _parent(connection, plan)
        chosen = Selection(connection, plan, parent.name if parent else None)
        columns = columns_of(RECORD_TYPES[plan.record_type])
        _insert(connection, plan, counted(chosen.lines(columns), tell, "rows stored", chosen.most))
        accepted = accepted | before_sealing(connection, plan, authors_together=chosen.authors_together)
        description = describe(connection, plan, chosen, parent) | {"accepted": accepted}
        written = _write(connection, description, draft, tell)
        versions.seal(connection, _version(description, written, place), columns)
    return _frozen(description, written, place)


def _insert(connection: Connection, plan: FreezePlan, lines: Iterator[Line]) -> None:
    while some := list(islice(lines, _ROWS_AT_ONCE)):
        versions.add_lines(connection, plan.version, some)


def _write(connection: Connection, description: Description, draft: Path, tell: Tell) -> Written:
    name = description["version"]
    lines, rows = versions.frozen_lines(connection, name), versions.count_rows(connection, name)
    with Writer(draft, description) as writer:
        writer.take(counted(lines, tell, "rows written", rows))
        return writer.finish()


def describe(connection: Connection, plan: FreezePlan, chosen: Selection, parent: Version | None) -> dict[str, Any]:
    """Build all of a manifest that cannot be told from the rows; raises DatasetError where nothing can be frozen."""
    provenance = selection.provenance(connection, plan.record_type)
    rows = versions.count_rows(connection, plan.version)
    if rows == 0:
        raise DatasetError(f"there are no {plan.record_type} records to freeze: {_why_none(provenance['ledger'])}")
    if "csv" in plan.formats and rows >= MAX_CSV_ROWS:
        raise DatasetError(f"{rows} rows are too many for CSV (below {MAX_CSV_ROWS}): leave it to Parquet")
    columns = columns_of(RECORD_TYPES[plan.record_type])
    return {
        "schema_version": SCHEMA_VERSION,
        "version": plan.version,
        "parent_version": parent.name if parent else None,
        "record_type": plan.record_type,
        "code_version": __version__,
        "writer": parquet.WRITER,
        "query": {"from": "records", "where": {"record_type": plan.record_type}},
        "parameters": plan.parameters,
        "columns": {name: column_type.value for name, column_type in columns.items()},
        "counts": chosen.counts(),
        "balanced": chosen.balanced(),
        "authors": Authors.TOGETHER if chosen.authors_together else Authors.SPLIT,
        "provenance": provenance,
    }


def _parent(connection: Connection, plan: FreezePlan) -> Version | None:
    number = int(plan.version.removeprefix("v"))
    earlier = [
        version
        for version in versions.versions(connection)
        if version.record_type == plan.record_type and version.number < number
    ]
    return earlier[-1] if earlier else None


def _version(description: Description, written: Written, place: Place) -> Version:
    return Version(
        name=description["version"],
        record_type=description["record_type"],
        created_at=datetime.now(UTC),
        parameters=dict(description),
        row_count=written.rows,
        rows_sha256=written.rows_sha256,
        manifest_sha256=written.manifest_sha256,
        location=str(place),
    )


def _frozen(description: Description, written: Written, place: Place) -> Frozen:
    told = {key: description[key] for key in ("version", "parameters", "counts")}
    return Frozen(**told, location=str(place), **asdict(written))


def _frozen_already(name: str) -> DatasetError:
    following = f"v{int(name.removeprefix('v')) + 1}"
    return DatasetError(f"{name} is frozen and never changes; freeze {following}, or `dataset export {name} --to DIR`")


def _why_none(ledger: dict[str, int]) -> str:
    ended = ", ".join(f"{number} {name}" for name, number in ledger.items() if number)
    return f"the ledger has {ended}" if ended else "nothing was collected yet (scrapy crawl retailer_reviews -a site=…)"
