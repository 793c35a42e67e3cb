"""Contrast pairs, and the clusters they make: records that are nearly alike and must be in one split."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, insert, or_, select, update

from tdcrawl.likeness import Match
from tdcrawl.store.tables import contrast_pairs, records


def pair_up(connection: Connection, record_id: str, matches: Sequence[Match], run_id: str) -> None:
    """Note with which records a new one contrasts, and unite their clusters."""
    rows = [
        {"record_id": first, "other_id": second, "score": match.score, "run_id": run_id}
        for match in matches
        for first, second in [sorted((record_id, match.record_id))]
    ]
    if rows:
        connection.execute(insert(contrast_pairs), rows)
        _name_clusters(connection, [record_id])


def part(connection: Connection, record_id: str) -> None:
    """Forget the pairs of a record that is one no more, and name anew the clusters that it held together."""
    neighbours = _contrasting(connection, [record_id])
    if neighbours:
        mine = or_(contrast_pairs.c.record_id == record_id, contrast_pairs.c.other_id == record_id)
        connection.execute(delete(contrast_pairs).where(mine))
        _name_clusters(connection, neighbours)


def _name_clusters(connection: Connection, members: Iterable[str]) -> None:
    """Give each connected group of records the smallest id in it: the same whatever the order they came in."""
    left = set(members)
    while left:
        group = _group(connection, left.pop())
        connection.execute(update(records).where(records.c.record_id.in_(group)).values(cluster_id=min(group)))
        left -= group


def _group(connection: Connection, member: str) -> set[str]:
    group, border = {member}, {member}
    while border:
        border = _contrasting(connection, border) - group
        group |= border
    return group


def _contrasting(connection: Connection, members: Iterable[str]) -> set[str]:
    some = list(members)
    one, other = contrast_pairs.c.record_id, contrast_pairs.c.other_id
    found = select(other).where(one.in_(some)).union(select(one).where(other.in_(some)))
    return set(connection.scalars(found)) - set(some)
