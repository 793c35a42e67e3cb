"""WHAT SITES SAID of training with their pages: each reading as it was, and the newest of each host."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from tdcrawl.optout.reading import Verdict
from tdcrawl.optout.statements import How
from tdcrawl.optout.table import Says
from tdcrawl.store.engine import reachable
from tdcrawl.store.permission_tables import permissions
from tdcrawl.store.rows import Row
from tdcrawl.store.tables import pages

_OF_HOSTS = permissions.c.page_id.is_(None) & (permissions.c.verdict != Verdict.UNAVAILABLE)
"""Readings that say something of a host."""


def add(connection: Connection, rows: list[Row]) -> list[None]:
    """Write down what was read."""
    connection.execute(insert(permissions), rows)
    return [None] * len(rows)


def newest(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """Give the newest reading of each host, of whatever run; one that the host could not be asked for is none."""
    last = select(permissions.c.host, func.max(permissions.c.read_at).label("at")).where(_OF_HOSTS)
    last_of = last.group_by(permissions.c.host).subquery()
    joined = permissions.join(last_of, (permissions.c.host == last_of.c.host) & (permissions.c.read_at == last_of.c.at))
    found = connection.execute(select(permissions).select_from(joined).where(_OF_HOSTS)).mappings()
    return {row["host"]: dict(row) for row in found}


def opt_outs(engine: Engine, run_id: str) -> list[str]:
    """Say which hosts had opted out when a run asked them, each once, and in which words."""
    mine = (permissions.c.run_id == run_id) & permissions.c.page_id.is_(None)
    query = select(permissions.c.host, permissions.c.verdict, permissions.c.statements).where(mine)
    with reachable(), engine.connect() as connection:
        told = connection.execute(query.order_by(permissions.c.read_at, permissions.c.permission_id)).all()
    said = (opted_out(host, verdict, statements) for host, verdict, statements in told)
    return list(dict.fromkeys(filter(None, said)))


def opted_out(host: str, verdict: str, statements: Iterable[Mapping[str, Any]]) -> str | None:
    """Say in words that a host has opted out, as a whole or in part; None where it has not."""
    how = {Verdict.OPTED_OUT: "", Verdict.IN_PART: " in part"}.get(Verdict(verdict))
    return None if how is None else f"{host} has opted out of AI training{how}: {'; '.join(spoken(statements))}"


def story_of(connection: Connection, permission_id: str | None) -> list[dict[str, Any]]:
    """Give what a page was read by: what it said itself, if it said something, and what its host said."""
    told: list[dict[str, Any]] = []
    while permission_id is not None:
        row = connection.execute(select(permissions).where(permissions.c.permission_id == permission_id)).mappings()
        found = row.first()
        if found is None:
            break
        told.append(dict(found))
        permission_id = found["of_host"]
    return told


def forget_sites(connection: Connection, sites: Iterable[str]) -> None:
    """Delete what was read of sites that are erased."""
    of_sites = permissions.c.site.in_(sorted(sites))
    connection.execute(update(pages).where(pages.c.site.in_(sorted(sites))).values(permission_id=None))
    connection.execute(delete(permissions).where(of_sites))


def spoken(statements: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say in words what statements, as they are stored, hold against training, each once."""
    said = (
        f"{one['source']}: {one['place']} {token}{_where(one['how'], path)}"
        for one in statements
        for path, token, says in one["rules"]
        if says == Says.NO
    )
    return list(dict.fromkeys(said))


def _where(how: str, path: str) -> str:
    return "" if path == "/" or how == How.ROBOTS else f" ({path})"
