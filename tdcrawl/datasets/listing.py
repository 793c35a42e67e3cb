"""What versions there are, as JSON values."""

from typing import Any

from tdcrawl.datasets.version import existing
from tdcrawl.store import version_views, versions
from tdcrawl.store.engine import Engine
from tdcrawl.store.errata import ERRATA


def all_versions(engine: Engine) -> list[dict[str, Any]]:
    """List each version's name, record type, rows, time, parent and place, by number."""
    with engine.connect() as connection:
        return [
            {
                "version": version.name,
                "record_type": version.record_type,
                "rows": version.row_count,
                "created_at": version.created_at.isoformat(timespec="seconds"),
                "parent_version": version.parameters["parent_version"],
                "location": version.location,
                "errata": len(version.parameters.get(ERRATA, [])),
            }
            for version in versions.versions(connection)
        ]


def one_version(engine: Engine, name: str) -> dict[str, Any]:
    """Tell all about a version but its files: what, when and where; raises DatasetError for an unknown one."""
    with engine.connect() as connection:
        version = existing(connection, name)
    return {
        ERRATA: [],
        **version.parameters,
        "rows": version.row_count,
        "rows_sha256": version.rows_sha256,
        "manifest_sha256": version.manifest_sha256,
        "created_at": version.created_at.isoformat(timespec="seconds"),
        "location": version.location,
        "view": version_views.view_name(name),
    }
