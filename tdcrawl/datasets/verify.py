"""Is a version still what was frozen? Its files, its rows, its view and what protects them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tdcrawl.datasets.export import MANIFEST, columns_in, fingerprint, rows_digest
from tdcrawl.datasets.version import existing, is_before_erratum
from tdcrawl.store import parquet, version_views, versions
from tdcrawl.store.engine import Connection, Engine
from tdcrawl.store.versions import Version


def verify_version(engine: Engine, name: str, directory: Path | None = None) -> list[str]:
    """List all that differs from what was frozen; `directory` is a copy to look at instead of the version's own place.

    Raises DatasetError where there is no such version.
    """
    with engine.connect() as connection:
        version = existing(connection, name)
        return [
            *_file_problems(version, directory or Path(version.location)),
            *_row_problems(connection, version),
            *_view_problems(connection, version),
            *(f"the trigger {trigger} is gone or disabled" for trigger in versions.missing_triggers(connection)),
        ]


def _file_problems(version: Version, directory: Path) -> Iterator[str]:
    path = directory / MANIFEST
    if not path.is_file():
        yield f"{path} is missing"
        return
    if is_before_erratum(version, directory):
        again = f"freeze {version.name}" if directory == Path(version.location) else f"export {version.name} --to DIR"
        yield f"{directory} still has rows that were erased: write it anew with `scrapy dataset {again}`"
        return
    if fingerprint(path)["sha256"] != version.manifest_sha256:
        # What it says of the other files can be trusted no more.
        yield f"{path} has changed"
        return
    manifest = json.loads(path.read_text(encoding="utf-8"))
    yield from _manifest_problems(version, manifest)
    there = {found.relative_to(directory).as_posix() for found in directory.rglob("*") if not found.is_dir()}
    for extra in sorted(there - {MANIFEST} - manifest["files"].keys()):
        yield f"{directory / extra} does not belong to the version"
    for name, facts in manifest["files"].items():
        yield from _one_file_problems(directory / name, facts)


def _one_file_problems(path: Path, facts: Mapping[str, Any]) -> Iterator[str]:
    if not path.is_file():
        yield f"{path} is missing"
    elif fingerprint(path) != {key: facts[key] for key in ("bytes", "sha256")}:
        yield f"{path} has changed"
    elif path.suffix == ".parquet" and parquet.count_rows(path) != facts["rows"]:
        yield f"{path} does not have the {facts['rows']} rows that the manifest tells of"


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
    misplaced = versions.misplaced_rows(connection, version.name)
    if misplaced or rows_digest(versions.frozen_lines(connection, version.name)) != version.rows_sha256:
        yield f"the rows of {version.name} in dataset_rows have changed"


def _view_problems(connection: Connection, version: Version) -> Iterator[str]:
    columns = columns_in(version.parameters)
    name = version_views.view_name(version.name)
    shown = version_views.view_columns(connection, version.name)
    if shown != list(columns):
        yield f"the view {name} is missing" if shown is None else f"the view {name} has other columns"
    elif not version_views.is_as_created(connection, version.name, columns):
        yield f"the view {name} does not show the rows that were frozen"
