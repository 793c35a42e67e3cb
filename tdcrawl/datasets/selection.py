"""Which records become rows: each record's split, and how often it counts where something is too frequent."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tdcrawl.balance import resample, smote
from tdcrawl.balance.resample import Balance, Draw
from tdcrawl.datasets.beside import is_complete
from tdcrawl.datasets.grouping import split_groups
from tdcrawl.datasets.plan import LABEL, FreezePlan
from tdcrawl.datasets.split import SPLITS, TRAIN, Group
from tdcrawl.errors import DatasetError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.columns import Columns, columns_of, features_of, to_json, training_row
from tdcrawl.store import selection
from tdcrawl.store.engine import Connection
from tdcrawl.store.versions import Line

Counts = dict[str, dict[str, dict[str, float]]]
"""Split -> label -> {"before", "after"}: records there are, and how often the rows there will be count together."""

_DECIMALS = 3


class Selection:
    """Hold who goes where and counts how often; made in one pass over all records, used in a second one.

    `parent` is the version before, whose test split stays in this one's. Raises DatasetError where authors tie too many
    records together, or the balance cannot be had.
    """

    def __init__(self, connection: Connection, plan: FreezePlan, parent: str | None) -> None:
        self._connection, self._plan = connection, plan
        self._kind = RECORD_TYPES[plan.record_type]
        columns = columns_of(self._kind)
        self._by = {plan.balance_by: columns[plan.balance_by]}
        self._numbers = {name: columns[name] for name in features_of(self._kind)}
        grouping = split_groups(connection, plan, parent)
        self._split_of, self.authors_together = grouping.split_of, grouping.authors_together
        self._elsewhere: Counter[tuple[str, str]] = Counter()
        # Of training records, by what is balanced and by label.
        self._ranks: defaultdict[tuple[str, str], array[int]] = defaultdict(lambda: array("Q"))
        self._complete: Counter[str] = Counter()
        for stored in self._looked_at():
            self._count(stored)
        self._draws = self._draw()
        self._made_up = self._make_up() if plan.balance is Balance.SMOTE else None

    @property
    def most(self) -> int:
        """Bound the rows there will be by the records there are."""
        return self._elsewhere.total() + sum(map(len, self._ranks.values()))

    def counts(self) -> Counts:
        """Count each label of each split before and after the balancing."""
        counts: Counts = {split: {} for split in SPLITS}
        for (split, label), number in sorted(self._elsewhere.items()):
            counts[split][label] = {"before": number, "after": number}
        counts[TRAIN] = self._counted(label for _, label in self._ranks)
        return counts

    def balanced(self) -> dict[str, dict[str, float]]:
        """Count each value of the column that is balanced by, in the training split, before and after.

        Where rows are made up, of those that have all the numbers.
        """
        return self._made_up or self._counted((value for value, _ in self._ranks), place=0)

    def lines(self, columns: Columns) -> Iterator[Line]:
        """Stream the rows of the version by record id."""
        for stored in selection.stored_records(self._connection, self._plan.wanted):
            split = self._split_of[Group(stored["site"], stored["group_key"])]
            weight = self._weight(stored) if split == TRAIN else 1.0
            if weight:
                yield Line(stored["record_id"], split, to_json(training_row(stored, columns, split, weight)))

    def _looked_at(self) -> Iterable[Mapping[str, Any]]:
        by_key = self._plan.balance_by == LABEL and self._plan.balance is not Balance.SMOTE
        look = selection.keys if by_key else selection.stored_records
        return look(self._connection, self._plan.wanted)

    def _count(self, stored: Mapping[str, Any]) -> None:
        split = self._split_of[Group(stored["site"], stored["group_key"])]
        if split == TRAIN:
            rank = resample.rank(stored["record_id"], self._plan.seed)
            self._ranks[self._value(stored), stored["label"]].append(rank)
            if self._plan.balance is Balance.SMOTE and is_complete(training_row(stored, self._numbers, split)):
                self._complete[stored["label"]] += 1
        else:
            self._elsewhere[split, stored["label"]] += 1

    def _value(self, stored: Mapping[str, Any]) -> str:
        if self._plan.balance_by == LABEL:
            return str(stored["label"])
        return str(training_row(stored, self._by, TRAIN)[self._plan.balance_by])

    def _draw(self) -> dict[str, Draw]:
        merged: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        for (value, _), ranks in self._ranks.items():
            merged[value].extend(ranks)
        return resample.draws(merged, self._plan.balance, self._plan.max_share)

    def _make_up(self) -> dict[str, dict[str, float]]:
        smote.refuse_missing()
        counts = dict(sorted(self._complete.items()))
        if not counts:
            raise DatasetError(f"no record to train on has all of {', '.join(self._numbers)}: there is nothing between")
        wanted = resample.levelled(counts, self._plan.balance, self._plan.max_share)
        if lonely := [label for label, number in smote.reachable(counts, wanted).items() if number < wanted[label]]:
            raise DatasetError(
                f"one record alone to train on is {' or '.join(lonely)} and has all of {', '.join(self._numbers)}: "
                "nothing lies between it and another; collect more, or choose --balance oversample"
            )
        return {label: {"before": number, "after": wanted[label]} for label, number in counts.items()}

    def _weight(self, stored: Mapping[str, Any]) -> float:
        draw = self._draws[self._value(stored)]
        # Most need no place in the draw.
        return draw.weight(resample.rank(stored["record_id"], self._plan.seed) if draw.last >= 0 else 0)

    def _counted(self, names: Iterable[str], place: int = 1) -> dict[str, dict[str, float]]:
        counted = {name: {"before": 0, "after": 0.0} for name in sorted(set(names))}
        for key, ranks in self._ranks.items():
            draw, told = self._draws[key[0]], counted[key[place]]
            told["before"] += len(ranks)
            told["after"] += sum(map(draw.weight, ranks)) if draw.last >= 0 else draw.weight(0) * len(ranks)
        return {name: told | {"after": plain(told["after"])} for name, told in counted.items()}


def plain(number: float) -> float:
    """Write a whole number as one, parts to a thousandth: the order in which they were added must leave no trace."""
    return int(number) if number == int(number) else round(number, _DECIMALS)
