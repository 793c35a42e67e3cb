"""Is a version still what was frozen? Its files, its rows, its view and what protects them."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tdcrawl.datasets.export import MANIFEST, columns_in, rows_digest
from tdcrawl.datasets.version import existing, is_before_erratum
from tdcrawl.errors import StoreError
from tdcrawl.store import parquet, places, protection, version_views, versions
from tdcrawl.store.engine import Connection, Engine
from tdcrawl.store.place import Place
from tdcrawl.store.versions import Version


def verify_version(engine: Engine, name: str, copy: Path | Place | None = None) -> list[str]:
    """List all that differs from what was frozen; `copy` is looked at instead of the version's own place.

    Raises DatasetError where there is no such version.
    """
    with engine.connect() as connection, ThreadPoolExecutor(1) as beside:
        version = existing(connection, name)
        # Digests are computed beside Python: those of the files while the rows are read.
        of_files = beside.submit(list, _place_problems(version, places.find(copy or version.location)))
        of_database = [
            *_row_problems(connection, version),
            *_view_problems(connection, version),
            *protection.changes(engine, connection),
        ]
        return [*of_files.result(), *of_database]


def _place_problems(version: Version, place: Place) -> Iterator[str]:
    """Tell also where a place cannot be read: its rows can be looked at all the same."""
    try:
        yield from _file_problems(version, place)
    except StoreError as error:
        yield str(error)


def _file_problems(version: Version, place: Place) -> Iterator[str]:
    there = place.files()
    if MANIFEST not in there:
        yield f"{place / MANIFEST} is missing"
        return
    if is_before_erratum(version, place):
        of_its_own = place.is_same(places.find(version.location))
        again = f"freeze {version.name}" if of_its_own else f"export {version.name} --to DIR"
        yield f"{place} still has rows that were erased: write it anew with `scrapy dataset {again}`"
        return
    if place.fingerprint(MANIFEST)["sha256"] != version.manifest_sha256:
        # What it says of the other files can be trusted no more.
        yield f"{place / MANIFEST} has changed"
        return
    with place.open(MANIFEST) as file:
        manifest = json.loads(file.read())
    yield from _manifest_problems(version, manifest)
    for extra in sorted(there - {MANIFEST} - manifest["files"].keys()):
        yield f"{place / extra} does not belong to the version"
    for name, facts in manifest["files"].items():
        yield from _one_file_problems(place, name, facts) if name in there else [f"{place / name} is missing"]


def _one_file_problems(place: Place, name: str, facts: Mapping[str, Any]) -> Iterator[str]:
    if place.fingerprint(name) != {key: facts[key] for key in ("bytes", "sha256")}:
        yield f"{place / name} has changed"
    elif name.endswith(".parquet"):
        with place.open(name) as file:
            if parquet.count_rows(file) != facts["rows"]:
                yield f"{place / name} does not have the {facts['rows']} rows that the manifest tells of"


def _manifest_problems(version: Version, manifest: Mapping[str, Any]) -> Iterator[str]:
    said = {
        "version": version.name,
        "record_type": version.record_type,
        "rows": version.row_count,
        "rows_sha256": version.rows_sha256,
        **version.parameters,
    }
    for key, value in said.items():
        if manifest[key] != value:
            yield f"dataset_versions and the manifest differ in {key}"


def _row_problems(connection: Connection, version: Version) -> Iterator[str]:
    if rows_digest(versions.frozen_rows(connection, version.name)) != version.rows_sha256:
        yield f"the rows of {version.name} in dataset_rows have changed"


def _view_problems(connection: Connection, version: Version) -> Iterator[str]:
    columns = columns_in(version.parameters)
    name = version_views.view_name(version.name)
    shown = version_views.view_columns(connection, version.name)
    if shown != list(columns):
        yield f"the view {name} is missing" if shown is None else f"the view {name} has other columns"
    elif not version_views.is_as_created(connection, version.name, columns):
        yield f"the view {name} does not show the rows that were frozen"
