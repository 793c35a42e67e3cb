"""What goes together into one split: records about one thing, of one near-duplicate cluster, of one author."""

from collections.abc import Iterable
from dataclasses import dataclass

from tdcrawl.datasets.plan import Authors, FreezePlan
from tdcrawl.datasets.source import Source
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


def split_groups(source: Source, connection: Connection, plan: FreezePlan, parent: str | None) -> Grouping:
    """Give each group its split; raises DatasetError where authors that are to be together tie too much together."""
    counted = list(source.groups())
    united = Components()
    united.join(source.clusters())
    components = _components(united, counted)
    most = max(plan.split[0] / 100 * _records(components), _largest(components))
    if wants_authors := plan.authors is not Authors.SPLIT:
        tied = united.copy()
        for person in RECORD_TYPES[plan.record_type].person_fields.values():
            # The same name on two sites may be that of two people.
            tied.join(source.authors(person))
        by_author = _components(tied, counted)
        if wants_authors := _largest(by_author) <= most:
            united, components = tied, by_author
        elif plan.authors is Authors.TOGETHER:
            raise _too_large(by_author, plan)
    if parent:
        _remember(connection, plan, parent, united, components)
    placed = place(list(components.values()), plan.split, plan.salt)
    return Grouping({group: placed[united.first(group)] for group, _, _ in counted}, wants_authors)


def _remember(
    connection: Connection, plan: FreezePlan, parent: str, united: Components, components: dict[Group, Component]
) -> None:
    for site, key, split in selection.earlier_splits(connection, parent):
        if plan.share_of(split) and (component := components.get(united.first(Group(site, key)))):
            component.earlier.add(split)


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
