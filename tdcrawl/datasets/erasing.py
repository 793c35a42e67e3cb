"""Erasing: out of the tables, the versions, the feeds and the archive, for good; and the proof that it is gone."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tdcrawl import faults
from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.export import MANIFEST, written_by
from tdcrawl.datasets.feeds import feeds_with, mend_feeds
from tdcrawl.datasets.recounting import recounted
from tdcrawl.datasets.version import is_before_erratum, refuse_others_files, write_again, write_files
from tdcrawl.store import erasure, errata, permissions, places, versions
from tdcrawl.store.archive import Place
from tdcrawl.store.engine import Connection, Engine, reading, writing
from tdcrawl.store.erasing import Found, Target, find, needles_of
from tdcrawl.store.needles import Needles
from tdcrawl.store.overwriting import archive_files, members, place_in
from tdcrawl.store.refusing import forget
from tdcrawl.store.rows import command_run
from tdcrawl.store.searching import TABLES, search_file, search_tables
from tdcrawl.store.sqlite import compact
from tdcrawl.store.telling import silent
from tdcrawl.store.terms import Terms
from tdcrawl.store.tombstones import Kind, erased_ids
from tdcrawl.store.versions import Version

_IN_LOG = "the log of the database, which others are reading, may hold what was erased: run this again"
TermsOf = Callable[[str], Terms]


@dataclass(frozen=True, slots=True)
class _Gone:
    """Count what was taken out, by table and by version; `tombstone` is the number of the first that says so."""

    told: dict[str, int]
    frozen: dict[str, int]
    tombstone: int


@dataclass(frozen=True)
class Erasure:
    """Erase a target from a database and a data folder; `terms_of` gives what records of a type are measured by."""

    engine: Engine
    data_dir: Path
    target: Target
    terms_of: TermsOf
    why: str | None = None

    def foresee(self) -> dict[str, Any]:
        """Count what would be erased, and change nothing."""
        with reading(self.engine) as connection:
            found = find(connection, self.target)
            frozen = {one.name: errata.count_rows_of(connection, one.name, found.items) for one in _all(connection)}
            told = erasure.counts(connection, found)
        pages = {*found.places, *self._places(needles_of(self.target, found))}
        feeds = [folder.name for folder in feeds_with(self.data_dir, found.items.keys())]
        return _answer(told | {"archived_pages": len(pages)}, frozen) | {"feeds": feeds}

    def carry_out(self) -> dict[str, Any]:
        """Erase, with what a kill may have left of an earlier erasure, and look for what is left; raises StoreError."""
        with reading(self.engine) as connection:
            found = find(connection, self.target)
        pages, gone = set(self._places(needles_of(self.target, found))), None
        while gone is None:
            # Before the transaction: to learn an index takes one of its own. Meanwhile a crawl may find more.
            terms = {kind: self.terms_of(kind) for kind in found.record_types}
            found, gone = self._take_out(terms, pages)
        feeds, needles = finish(self.engine, self.data_dir), needles_of(self.target, found)
        return _answer(gone.told, gone.frozen) | {"feeds": feeds} | self._proof(needles, gone.tombstone)

    def _take_out(self, terms: Mapping[str, Terms], pages: set[Place]) -> tuple[Found, _Gone | None]:
        """Take out all that there is now; nothing where records are among it of types without terms."""
        with ExitStack() as drafts:
            with writing(self.engine) as connection:
                found, gone = find(connection, self.target), None
                if found.record_types <= terms.keys():
                    gone = self._take_found_out(connection, found, pages, terms, drafts)
            faults.point("erase_after_commit")
        return found, gone

    def _take_found_out(
        self, connection: Connection, found: Found, pages: set[Place], terms: Mapping[str, Terms], drafts: ExitStack
    ) -> _Gone:
        told = erasure.counts(connection, found) | {"archived_pages": len(found.places | pages)}
        number = erasure.write_tombstones(connection, self.target, self.why, told)
        erasure.take_out(connection, found, terms, command_run("erase"), number)
        erasure.take_out_pages(connection, found, pages)
        if self.target.kind is Kind.SITE:
            permissions.forget_sites(connection, self.target.keys)
        frozen = {one.name: _take_rows_out(connection, one, found, drafts) for one in _all(connection)}
        faults.point("erase_before_commit")
        return _Gone(told, frozen, number)

    def _proof(self, needles: Needles, tombstone: int) -> dict[str, Any]:
        is_compact = compact(self.engine)
        proof = prove(self.engine, self.data_dir, needles, tombstone)
        # A crawl may have been about to archive a page when the tombstone came.
        if proof["found"] and (late := list(self._places(needles))):
            with writing(self.engine) as connection:
                forget(connection, late)
            finish(self.engine, self.data_dir)
            proof = prove(self.engine, self.data_dir, needles, tombstone)
        if not is_compact:
            proof["found"].append(_IN_LOG)
        return proof

    def _places(self, needles: Needles) -> Iterator[Place]:
        """Find the pages of the archive that hold what is to be erased, whoever's pages they are."""
        for path in archive_files(self.data_dir) if needles else ():
            for offset, content in members(path):
                if needles.in_page(content):
                    yield place_in(self.data_dir, path, offset)


def finish(engine: Engine, data_dir: Path) -> list[str]:
    """Bring all files to what the tables say; returns the runs whose feeds were written anew. Raises StoreError."""
    with engine.connect() as connection:
        outdated = [one for one in _all(connection) if _is_outdated(one)]
        ids = erased_ids(connection)
    for version in outdated:
        write_again(engine, version.name, places.find(version.location), replace=True)
    erasure.clear_archive(engine, data_dir)
    faults.point("erase_after_archive")
    mended = mend_feeds(engine, data_dir, ids)
    faults.point("erase_after_feeds")
    return [folder.name for folder in mended]


def prove(engine: Engine, data_dir: Path, needles: Needles, tombstone: int) -> dict[str, Any]:
    """Search all tables and files for what must be nowhere; `found` names each place where something is left."""
    with reading(engine) as connection:
        ids = erased_ids(connection, tombstone)
        found = list(search_tables(connection, needles, ids))
        frozen = [places.find(version.location) for version in _all(connection)]
    # To close a file takes a process's locks on it away: no connection to a SQLite file may be open beside that.
    engine.dispose()
    with ExitStack() as copies:
        files = _files(engine, [data_dir, *(copies.enter_context(place.here()) for place in frozen)])
        found += [said for path in files for said in search_file(path, needles, ids)]
    return {"scanned": {"tables": len(TABLES), "files": len(files)}, "found": found}


def _files(engine: Engine, folders: Collection[Path]) -> list[Path]:
    files = {path.resolve() for folder in folders for path in folder.rglob("*") if path.is_file()}
    if engine.dialect.name == "sqlite":
        database = Path(str(engine.url.database)).resolve()
        files |= {path for path in database.parent.glob(f"{database.name}*") if path.is_file()}
    return sorted(files)


def _take_rows_out(connection: Connection, version: Version, found: Found, drafts: ExitStack) -> int:
    """Take rows out of a version and issue its erratum; its files are written, and renamed once that is committed."""
    removed = errata.take_rows_out(connection, version.name, found.items)
    if not removed:
        return 0
    place = places.find(version.location)
    refuse_others_files(version, place)
    before = version.parameters.get(errata.ERRATA, [])
    erratum = {
        "number": len(before) + 1,
        "removed_rows": removed,
        "manifest_sha256_before": version.manifest_sha256,
        "counts": recounted(connection, version.name, version.parameters),
        "writer": written_by(Balance(version.parameters["parameters"]["balance"])),
    }
    draft = drafts.enter_context(place.new(MANIFEST, silent, replace=True))
    written = write_files(connection, errata.amended(version.parameters, [*before, erratum]), draft)
    digests = {"rows_sha256": written.rows_sha256, "manifest_sha256": written.manifest_sha256}
    errata.issue(connection, version.name, {**erratum, "row_count": written.rows, **digests})
    return removed


def _is_outdated(version: Version) -> bool:
    place = places.find(version.location)
    # Or a kill came when the old files were gone and the new ones were not there yet.
    return is_before_erratum(version, place) or (errata.ERRATA in version.parameters and place.is_cut_off(MANIFEST))


def _all(connection: Connection) -> list[Version]:
    return versions.versions(connection)


def _answer(told: Mapping[str, int], frozen: Mapping[str, int]) -> dict[str, Any]:
    return {"erased": dict(told), "versions": {name: number for name, number in frozen.items() if number}}
