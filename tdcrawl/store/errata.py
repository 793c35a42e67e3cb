"""Errata: what a version is since rows were taken out of it, and what it was before, as a digest alone."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.erasure_tables import dataset_errata
from tdcrawl.store.look_up import among, change_all, look_up
from tdcrawl.store.protection import rows_may_leave

ERRATA = "errata"
"""Where a manifest tells of them."""
_STORED = dataset_rows.c


def take_rows_out(connection: Connection, version: str, ids: Collection[str]) -> int:
    """Delete the rows of items that were erased; returns how many there were."""
    mine = delete(dataset_rows).where(_STORED.version == version, among(_STORED.record_id))
    with rows_may_leave(connection):
        return change_all(connection, mine, sorted(ids))


def count_rows_of(connection: Connection, version: str, ids: Collection[str]) -> int:
    """Count the rows that a version has of some items."""
    query = select(func.count()).where(_STORED.version == version, among(_STORED.record_id))
    return sum(row[0] for row in look_up(connection, query, sorted(ids)))


def issue(connection: Connection, version: str, erratum: Mapping[str, Any]) -> None:
    """Write down what a version is now."""
    connection.execute(insert(dataset_errata).values(version=version, at=datetime.now(UTC), **erratum))


def errata_of(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Give the errata of each version that has any, by their number."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(select(dataset_errata).order_by(dataset_errata.c.number)).mappings():
        found.setdefault(row["version"], []).append(dict(row))
    return found


def amended(parameters: Mapping[str, Any], errata: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the parameters of a version with its errata: nothing that would differ from one writing to the next."""
    told = [{name: one[name] for name in ("number", "removed_rows", "manifest_sha256_before")} for one in errata]
    return {**parameters, **errata[-1]["counts"], "writer": errata[-1]["writer"], ERRATA: told}
