"""What goes together into one split: records about one thing, of one near-duplicate cluster, of one author."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tdcrawl.datasets.plan import Authors, FreezePlan
from tdcrawl.datasets.split import Component, Components, Group, place
from tdcrawl.errors import DatasetError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.store import selection
from tdcrawl.store.engine import Connection


@dataclass(frozen=True)
class Grouping:
    """Hold the split of each group, and whether all that an author wrote is in one."""

    split_of: dict[Group, str]
    authors_together: bool


def split_groups(connection: Connection, plan: FreezePlan, parent: str | None) -> Grouping:
    """Give each group its split; raises DatasetError where authors that are to be together tie too much together."""
    counted = list(_groups(connection, plan))
    united = Components()
    clusters = selection.torn_clusters(connection, plan.wanted)
    united.join((cluster, Group(site, key)) for cluster, site, key in clusters)
    components = _components(united, counted)
    most = max(plan.split[0] / 100 * _records(components), _largest(components))
    if wants_authors := plan.authors is not Authors.SPLIT:
        tied = united.copy()
        _tie_authors(connection, plan, tied)
        by_author = _components(tied, counted)
        if wants_authors := _largest(by_author) <= most:
            united, components = tied, by_author
        elif plan.authors is Authors.TOGETHER:
            raise _too_large(by_author, plan)
    if parent:
        _remember(connection, plan, parent, united, components)
    placed = place(list(components.values()), plan.split, plan.salt)
    return Grouping({group: placed[united.first(group)] for group, _, _ in counted}, wants_authors)


def _tie_authors(connection: Connection, plan: FreezePlan, united: Components) -> None:
    for field in RECORD_TYPES[plan.record_type].person_fields.values():
        # The same name on two sites may be that of two people.
        authors = selection.busy_authors(connection, plan.wanted, field)
        united.join(((site, author), Group(site, key)) for author, site, key in authors)


def _remember(
    connection: Connection, plan: FreezePlan, parent: str, united: Components, components: dict[Group, Component]
) -> None:
    for site, key, split in selection.earlier_splits(connection, parent):
        if plan.share_of(split) and (component := components.get(united.first(Group(site, key)))):
            component.earlier.add(split)


def _groups(connection: Connection, plan: FreezePlan) -> Iterator[tuple[Group, str, int]]:
    for site, key, label, number in selection.groups(connection, plan.wanted):
        yield Group(site, key), label, number


def _components(united: Components, counted: Iterable[tuple[Group, str, int]]) -> dict[Group, Component]:
    components: dict[Group, Component] = {}
    for group, label, number in counted:
        first = united.first(group)
        components.setdefault(first, Component(first)).labels[label] += number
    return components


def _records(components: dict[Group, Component]) -> int:
    return sum(component.size for component in components.values())


def _largest(components: dict[Group, Component]) -> int:
    return max((component.size for component in components.values()), default=0)


def _too_large(components: dict[Group, Component], plan: FreezePlan) -> DatasetError:
    return DatasetError(
        f"{_largest(components)} of {_records(components)} records hang together by what they are about and who wrote "
        f"them, more than the {plan.split[0]}% to train on: --authors split lets an author be in several splits"
    )
