"""Which split a record belongs to: it goes where all go that it must not be tested against, and stays there."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tdcrawl.records.base import digest

SPLITS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = SPLITS

_SMALL = 0.05
"""How large a small component may be, as a share of the smallest split: what the shares can be missed by."""


class Group(NamedTuple):
    """Name a site and what a record of it is about (for a review its product)."""

    site: str
    key: str


@dataclass(slots=True)
class Component:
    """Hold groups that go together: the first of them by name, their records by label, and where they were before."""

    first: Group
    labels: Counter[str] = field(default_factory=Counter)
    earlier: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        """Count its records."""
        return self.labels.total()

    @property
    def stratum(self) -> str:
        """Give the label that most of its records have, by name among equals."""
        return min(self.labels, key=lambda label: (-self.labels[label], label))


class Components:
    """Unite groups that share something: union-find over groups, in which the first by name stands for all."""

    def __init__(self) -> None:
        self._parent: dict[Group, Group] = {}

    def copy(self) -> "Components":
        """Copy what is united, to unite more."""
        copy = Components()
        copy._parent = dict(self._parent)
        return copy

    def join(self, members: Iterable[tuple[Hashable, Group]]) -> None:
        """Unite the groups that share a thing, from pairs of thing and group."""
        first_of: dict[Hashable, Group] = {}
        for thing, group in members:
            self._unite(first_of.setdefault(thing, group), group)

    def first(self, group: Group) -> Group:
        """Give the group that stands for all that a group is united with."""
        while (parent := self._parent.get(group, group)) != group:
            # Halve the way for the next who asks.
            self._parent[group] = self._parent.get(parent, parent)
            group = parent
        return group

    def _unite(self, one: Group, other: Group) -> None:
        lower, higher = sorted((self.first(one), self.first(other)))
        if lower != higher:
            self._parent[higher] = lower


def place(components: Sequence[Component], percentages: Sequence[int], salt: str) -> dict[Group, str]:
    """Place components, by the first group of each, so that every split has its share of the records of each label.

    What was in a test split stays in one, then what was in a validation split, then what was trained on. A large
    component goes where a hash sends it, or where most room is if it has none there. The small ones fill the rest: they
    stand in the order of that hash, and are dealt out in one go. The order in which they come is without effect.
    """
    strata: defaultdict[str, list[Component]] = defaultdict(list)
    for component in components:
        strata[component.stratum].append(component)
    shares = [percentage / 100 for percentage in percentages]
    smallest = min(share for share in shares if share) * sum(component.size for component in components)
    placed: dict[Group, str] = {}
    for stratum in sorted(strata):
        placed.update(_placed(strata[stratum], shares, _SMALL * smallest, salt))
    return placed


def _placed(
    components: Sequence[Component], shares: Sequence[float], small: float, salt: str
) -> Iterator[tuple[Group, str]]:
    room = [share * sum(component.size for component in components) for share in shares]
    by_hash = sorted(components, key=lambda component: digest(salt, *component.first))
    settled = [component for component in by_hash if component.earlier]
    large = [component for component in by_hash if not component.earlier and component.size > small]
    for component in (*settled, *sorted(large, key=lambda component: -component.size)):
        split = _settled(component) if component.earlier else _with_room(component, room, shares, salt)
        room[split] -= component.size
        yield component.first, SPLITS[split]
    free = [component for component in by_hash if not component.earlier and component.size <= small]
    yield from _dealt(free, [max(0.0, number) for number in room])


def _settled(component: Component) -> int:
    return max(map(SPLITS.index, component.earlier))


def _with_room(component: Component, room: Sequence[float], shares: Sequence[float], salt: str) -> int:
    lot = int(digest(salt, *component.first), 16) / 2**128
    drawn = (lot >= shares[0]) + (lot >= shares[0] + shares[1])
    if component.size <= room[drawn]:
        return drawn
    # Among equals the test split comes first: without it nothing is measured.
    return max((split for split in range(len(room)) if shares[split]), key=lambda split: (room[split], split))


def _dealt(components: Sequence[Component], room: Sequence[float]) -> Iterator[tuple[Group, str]]:
    """Deal components out by where the middle of each lies, where all lie in a row as long as there is room."""
    train, validation, _ = room if any(room) else (1.0, 0.0, 0.0)
    scale = (sum(room) or 1.0) / (sum(component.size for component in components) or 1)
    before = 0
    for component in components:
        middle = (before + component.size / 2) * scale
        before += component.size
        yield component.first, SPLITS[(middle >= train) + (middle >= train + validation)]
