"""WHICH ROWS, FROZEN? A version is rows, a view and files that belong together and never change again."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from tdcrawl import __version__
from tdcrawl.datasets.export import MANIFEST, MAX_CSV_ROWS, Description, Writer, Written, fingerprint
from tdcrawl.datasets.objections import Objections, before_reading, before_sealing
from tdcrawl.datasets.plan import Authors, FreezePlan, check_name
from tdcrawl.datasets.selection import Counts, Selection
from tdcrawl.errors import DatasetError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.columns import columns_of
from tdcrawl.store import parquet, selection, versions
from tdcrawl.store.atomic import new_directory
from tdcrawl.store.engine import Connection, Engine, writing
from tdcrawl.store.errata import ERRATA
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


def freeze(engine: Engine, plan: FreezePlan, target: Path, *, named: bool = True) -> Frozen:
    """Freeze the records of a type as `target/vN`, with its rows and view in the database.

    A freeze that was cut off between database and files is finished, as and where it was planned then: a target that
    the user `named` must be that place. Raises DatasetError where it is another, the version is there already, the
    ledger is broken, nothing can be frozen, or the balance cannot be had; StoreError where the files cannot be written.
    """
    with engine.connect() as connection:
        stored = versions.find_version(connection, plan.version)
    if stored is None:
        return _freeze(engine, plan, target / plan.version, before_reading(engine, plan))
    place = Path(stored.location)
    if is_before_erratum(stored, place):
        return export(engine, plan.version, place.parent, replace=True)
    if (place / MANIFEST).exists():
        raise _frozen_already(plan.version)
    if named and (target / plan.version).resolve() != place.resolve():
        raise DatasetError(
            f"{plan.version} was frozen to {place}, where its files are missing: freeze it without --to to write them "
            f"there again, or write a copy with `dataset export {plan.version} --to DIR`"
        )
    return export(engine, plan.version, place.parent)


def is_before_erratum(stored: Version, place: Path) -> bool:
    """Say whether the files at a place are those of a version from before rows were taken out of it."""
    before = {erratum["manifest_sha256_before"] for erratum in stored.parameters.get(ERRATA, [])}
    return (place / MANIFEST).is_file() and fingerprint(place / MANIFEST)["sha256"] in before


def refuse_others_files(stored: Version, place: Path) -> None:
    """Raise DatasetError where something else is in the place of a version: it is not ours to delete."""
    manifest = place / MANIFEST
    is_ours = manifest.is_file() and fingerprint(manifest)["sha256"] == stored.manifest_sha256
    if place.exists() and not is_ours and not is_before_erratum(stored, place):
        raise DatasetError(f"{place} is not {stored.name} as it was frozen: move it away, and run this again")


def export(engine: Engine, name: str, target: Path, *, replace: bool = False) -> Frozen:
    """Write a frozen version once more, as `target/vN`; raises DatasetError where the bytes would not be the same."""
    with engine.connect() as connection:
        stored = existing(connection, name)
        with new_directory(target.absolute() / name, replace=replace) as draft:
            written = write_files(connection, stored.parameters, draft)
            if written.manifest_sha256 != stored.manifest_sha256:
                raise DatasetError(
                    f"{name} cannot be written as it was: `dataset verify {name}` tells whether its rows have changed; "
                    f"it was written by {stored.parameters['writer']}, this is {parquet.WRITER}"
                )
    return _frozen(stored.parameters, written, target.absolute() / name)


def existing(connection: Connection, name: str) -> Version:
    """Find a version; raises DatasetError, with those there are, where it was never frozen."""
    check_name(name)
    if found := versions.find_version(connection, name):
        return found
    known = ", ".join(version.name for version in versions.versions(connection)) or "none yet"
    raise DatasetError(f"{name} was never frozen; frozen versions: {known}")


def _freeze(engine: Engine, plan: FreezePlan, directory: Path, accepted: Objections) -> Frozen:
    directory = directory.absolute()
    # The rename comes after the commit: a version in the database can be written again, files alone prove nothing.
    with new_directory(directory) as draft, writing(engine) as connection:
        if versions.find_version(connection, plan.version):
            raise _frozen_already(plan.version)
        parent = _parent(connection, plan)
        chosen = Selection(connection, plan, parent.name if parent else None)
        columns = columns_of(RECORD_TYPES[plan.record_type])
        _insert(connection, plan, chosen.lines(columns))
        accepted = accepted | before_sealing(connection, plan, authors_together=chosen.authors_together)
        description = describe(connection, plan, chosen, parent) | {"accepted": accepted}
        written = write_files(connection, description, draft)
        versions.seal(connection, _version(description, written, directory), columns)
    return _frozen(description, written, directory)


def _insert(connection: Connection, plan: FreezePlan, lines: Iterator[Line]) -> None:
    while some := list(islice(lines, _ROWS_AT_ONCE)):
        versions.add_lines(connection, plan.version, some)


def write_files(connection: Connection, description: Description, draft: Path) -> Written:
    """Write the rows of a version, and what tells of them, into a folder."""
    with Writer(draft, description) as writer:
        writer.take(versions.frozen_lines(connection, description["version"]))
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


def _version(description: Description, written: Written, directory: Path) -> Version:
    return Version(
        name=description["version"],
        record_type=description["record_type"],
        created_at=datetime.now(UTC),
        parameters=dict(description),
        row_count=written.rows,
        rows_sha256=written.rows_sha256,
        manifest_sha256=written.manifest_sha256,
        location=str(directory),
    )


def _frozen(description: Description, written: Written, directory: Path) -> Frozen:
    told = {key: description[key] for key in ("version", "parameters", "counts")}
    return Frozen(**told, location=str(directory), **asdict(written))


def _frozen_already(name: str) -> DatasetError:
    following = f"v{int(name.removeprefix('v')) + 1}"
    return DatasetError(f"{name} is frozen and never changes; freeze {following}, or `dataset export {name} --to DIR`")


def _why_none(ledger: dict[str, int]) -> str:
    ended = ", ".join(f"{number} {name}" for name, number in ledger.items() if number)
    return f"the ledger has {ended}" if ended else "nothing was collected yet (scrapy crawl retailer_reviews -a site=…)"
