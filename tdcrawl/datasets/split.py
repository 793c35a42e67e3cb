"""Which split a record belongs to: decided by a hash of what it is about, so that it stays there in later versions."""

from collections.abc import Iterable

from tdcrawl.records.base import digest

SPLITS = ("train", "validation", "test")
Group = tuple[str, str]
"""A site and what a record of it is about (for a review its product)."""


class Splitter:
    """Send all records of a group, and all groups that share a near-duplicate cluster, to one split.

    A union of groups stands where its alphabetically first group would: the order in which records come is without
    effect, and a group that is in no union never moves while the percentages and the salt stay the same.
    """

    def __init__(self, percentages: tuple[int, int, int], salt: str) -> None:
        self._percentages = percentages
        self._salt = salt
        self._parent: dict[Group, Group] = {}

    def join_clusters(self, members: Iterable[tuple[str, str, str]]) -> None:
        """Unite the groups that share a cluster, from (cluster id, site, group key)."""
        first_of: dict[str, Group] = {}
        for cluster_id, *group in members:
            site, group_key = group
            self._unite(first_of.setdefault(cluster_id, (site, group_key)), (site, group_key))

    def split_of(self, site: str, group_key: str) -> str:
        """Say which split a group belongs to."""
        place = int(digest(self._salt, *self._first((site, group_key))), 16) * 100 >> 128
        train, validation, _ = self._percentages
        if place < train:
            return SPLITS[0]
        return SPLITS[1] if place < train + validation else SPLITS[2]

    def _first(self, group: Group) -> Group:
        while (parent := self._parent.get(group, group)) != group:
            # Halve the way for the next who asks.
            self._parent[group] = self._parent.get(parent, parent)
            group = parent
        return group

    def _unite(self, one: Group, other: Group) -> None:
        lower, higher = sorted((self._first(one), self._first(other)))
        if lower != higher:
            self._parent[higher] = lower
