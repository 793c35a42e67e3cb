"""WHICH ROWS, FROZEN? A version is rows, a view and files that belong together and never change again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.description import describe, parent_of
from tdcrawl.datasets.export import MANIFEST, Description, Writer, Written, columns_in, written_by
from tdcrawl.datasets.local_source import LocalFreezing
from tdcrawl.datasets.objections import before_choosing, before_reading, before_sealing, watching
from tdcrawl.datasets.opted_out import leave_out
from tdcrawl.datasets.plan import FreezePlan, check_name
from tdcrawl.datasets.selection import Counts, Selection
from tdcrawl.datasets.source import Engine as Freezing
from tdcrawl.errors import DatasetError
from tdcrawl.store import left_out, places, versions
from tdcrawl.store.atomic import aside
from tdcrawl.store.engine import Connection, Engine, writing
from tdcrawl.store.errata import ERRATA
from tdcrawl.store.place import Place
from tdcrawl.store.telling import Tell, counted, silent
from tdcrawl.store.versions import Line, Version

LOCAL = LocalFreezing()

_ROWS_AT_ONCE = 500


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
    balanced: dict[str, dict[str, float]]
    left_out: left_out.Counts
    """Records that are no rows because their source has opted out since."""


def freeze(
    engine: Engine,
    plan: FreezePlan,
    target: Path | Place,
    by: Freezing = LOCAL,
    *,
    named: bool = True,
    tell: Tell = silent,
) -> Frozen:
    """Freeze the records of a type as `target/vN`, with its rows and view in the database; `target` may be in S3.

    Whoever does the work (`by`), the rows and bytes are the same.

    A freeze that was cut off between database and files is finished, as and where it was planned then: a target that
    the user `named` must be that place. Raises DatasetError where it is another, the version is there already, the
    ledger is broken, nothing can be frozen, or the balance cannot be had; StoreError where the files cannot be written.
    """
    with engine.connect() as connection:
        stored = versions.find_version(connection, plan.version)
    asked = places.find(target) / plan.version
    if stored is None:
        with _without_looking_for_cycles():
            return _freeze(engine, plan, asked, by, tell)
    place = places.find(stored.location)
    if is_before_erratum(stored, place):
        return write_again(engine, plan.version, place, tell, replace=True)
    if MANIFEST in place.files():
        raise _frozen_already(plan.version)
    if named and not asked.is_same(place):
        raise DatasetError(
            f"{plan.version} was frozen to {place}, where its files are missing: freeze it without --to to write them "
            f"there again, or write a copy with `dataset export {plan.version} --to DIR`"
        )
    return write_again(engine, plan.version, place, tell)


def is_before_erratum(stored: Version, place: Place) -> bool:
    """Say whether the files at a place are those of a version from before rows were taken out of it."""
    before = {erratum["manifest_sha256_before"] for erratum in stored.parameters.get(ERRATA, [])}
    return bool(before) and MANIFEST in place.files() and place.fingerprint(MANIFEST)["sha256"] in before


def refuse_others_files(stored: Version, place: Place) -> None:
    """Raise DatasetError where something else is in the place of a version: it is not ours to delete."""
    there = place.files()
    is_ours = MANIFEST in there and place.fingerprint(MANIFEST)["sha256"] == stored.manifest_sha256
    if there and not is_ours and not is_before_erratum(stored, place):
        raise DatasetError(f"{place} is not {stored.name} as it was frozen: move it away, and run this again")


def export(engine: Engine, name: str, target: Path | Place, *, tell: Tell = silent) -> Frozen:
    """Write a frozen version once more, as `target/vN`; raises DatasetError where the bytes would not be the same."""
    return write_again(engine, name, places.find(target) / name, tell)


def write_again(engine: Engine, name: str, place: Place, tell: Tell = silent, *, replace: bool = False) -> Frozen:
    """Write a frozen version at a place, instead of what is there if that is to be replaced; raises DatasetError."""
    with engine.connect() as connection:
        stored = existing(connection, name)
        with place.new(MANIFEST, tell, replace=replace) as draft:
            written = write_files(connection, stored.parameters, draft, tell)
            if written.manifest_sha256 != stored.manifest_sha256:
                ours = written_by(Balance(stored.parameters["parameters"]["balance"]))
                raise DatasetError(
                    f"{name} cannot be written as it was: `dataset verify {name}` tells whether its rows have changed; "
                    f"it was written by {stored.parameters['writer']}, this is {ours}"
                )
    return _frozen(stored.parameters, written, place)


def existing(connection: Connection, name: str) -> Version:
    """Find a version; raises DatasetError, with those there are, where it was never frozen."""
    check_name(name)
    if found := versions.find_version(connection, name):
        return found
    known = ", ".join(version.name for version in versions.versions(connection)) or "none yet"
    raise DatasetError(f"{name} was never frozen; frozen versions: {known}")


def _freeze(engine: Engine, plan: FreezePlan, place: Place, by: Freezing, tell: Tell) -> Frozen:
    # The files appear after the commit: a version in the database can be written again, files alone prove nothing.
    with place.new(MANIFEST, tell) as draft, writing(engine) as connection:
        if versions.find_version(connection, plan.version):
            raise _frozen_already(plan.version)
        with aside(draft) as scratch, watching(plan, scratch) as watch:
            accepted = before_reading(connection, plan, watch.take)
            leave_out(connection, plan.version, plan.record_type)
            accepted |= before_choosing(connection, plan)
            parent = parent_of(connection, plan)
            source = by.source(connection, plan, scratch)
            chosen = Selection(source, connection, plan, parent.name if parent else None)
            _insert(connection, plan, counted(chosen.lines(), tell, "rows stored", chosen.most))
            accepted |= before_sealing(connection, plan, watch, authors_together=chosen.authors_together)
        description = describe(connection, plan, chosen, parent) | {"accepted": accepted}
        written = write_files(connection, description, draft, tell, by)
        versions.seal(connection, _version(description, written, place), columns_in(description))
    return _frozen(description, written, place)


@contextmanager
def _without_looking_for_cycles() -> Iterator[None]:
    """Let Python not look for objects that refer to each other: among millions of rows, none of which does, a tenth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _insert(connection: Connection, plan: FreezePlan, lines: Iterator[Line]) -> None:
    while some := list(islice(lines, _ROWS_AT_ONCE)):
        versions.add_lines(connection, plan.version, some)


def write_files(
    connection: Connection, description: Description, draft: Path, tell: Tell = silent, by: Freezing = LOCAL
) -> Written:
    """Write the rows of a version, and what tells of them, into a folder."""
    name = description["version"]
    lines, rows = versions.frozen_lines(connection, name), versions.count_rows(connection, name)
    with aside(draft) as scratch, Writer(draft, description, by.parts(scratch)) as writer:
        writer.take(counted(lines, tell, "rows written", rows))
        return writer.finish()


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
    told = {key: description[key] for key in ("version", "parameters", "counts", "balanced")}
    return Frozen(**told, left_out=description.get("left_out", {}), location=str(place), **asdict(written))


def _frozen_already(name: str) -> DatasetError:
    following = f"v{int(name.removeprefix('v')) + 1}"
    return DatasetError(f"{name} is frozen and never changes; freeze {following}, or `dataset export {name} --to DIR`")
