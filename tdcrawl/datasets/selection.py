"""Which records become rows: each record's split, and how often it counts where something is too frequent."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tdcrawl.balance import resample, smote
from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.grouping import split_groups
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.source import Source
from tdcrawl.datasets.split import SPLITS, TRAIN
from tdcrawl.errors import DatasetError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.columns import features_of
from tdcrawl.store.engine import Connection
from tdcrawl.store.versions import Line

Counts = dict[str, dict[str, dict[str, float]]]
"""Split -> label -> {"before", "after"}: records there are, and how often the rows there will be count together."""

_DECIMALS = 3


class Selection:
    """Hold who goes where and counts how often: decided here, from what the source of the records has counted.

    `parent` is the version before, whose test split stays in this one's. Raises DatasetError where authors tie too many
    records together, or the balance cannot be had.
    """

    def __init__(self, source: Source, connection: Connection, plan: FreezePlan, parent: str | None) -> None:
        self._source, self._plan = source, plan
        grouping = split_groups(source, connection, plan, parent)
        self.authors_together = grouping.authors_together
        source.place(grouping.split_of)
        counted = source.counted()
        self.most = counted.records.total()
        """Bounds the rows there will be by the records there are."""
        self._elsewhere: Counter[tuple[str, str]] = Counter()
        # Of training records, by what is balanced and by label.
        self._trained: dict[tuple[str, str], int] = {}
        for (split, value, label), number in counted.records.items():
            if split == TRAIN:
                self._trained[value, label] = number
            else:
                self._elsewhere[split, label] += number
        self._draws = resample.draws(self._by_value(), source.lowest, plan.balance, plan.max_share)
        self._drawn = source.drawn({value: draw.last for value, draw in self._draws.items() if draw.last >= 0})
        self._made_up = self._make_up(counted.complete) if plan.balance is Balance.SMOTE else None

    def counts(self) -> Counts:
        """Count each label of each split before and after the balancing."""
        counts: Counts = {split: {} for split in SPLITS}
        for (split, label), number in sorted(self._elsewhere.items()):
            counts[split][label] = {"before": number, "after": number}
        counts[TRAIN] = self._counted(label for _, label in self._trained)
        return counts

    def balanced(self) -> dict[str, dict[str, float]]:
        """Count each value of the column that is balanced by, in the training split, before and after.

        Where rows are made up, of those that have all the numbers.
        """
        return self._made_up or self._counted((value for value, _ in self._trained), place=0)

    def lines(self) -> Iterator[Line]:
        """Stream the rows of the version by record id."""
        return self._source.lines(self._draws)

    def _by_value(self) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        for (value, _), number in self._trained.items():
            counts[value] += number
        return counts

    def _make_up(self, complete: Mapping[str, int]) -> dict[str, dict[str, float]]:
        smote.refuse_missing()
        counts = {label: number for label, number in sorted(complete.items()) if number}
        if not counts:
            numbers = ", ".join(self._numbers())
            raise DatasetError(f"no record to train on has all of {numbers}: there is nothing between")
        wanted = resample.levelled(counts, self._plan.balance, self._plan.max_share)
        if lonely := [label for label, number in smote.reachable(counts, wanted).items() if number < wanted[label]]:
            raise DatasetError(
                f"one record alone to train on is {' or '.join(lonely)} and has all of {', '.join(self._numbers())}: "
                "nothing lies between it and another; collect more, or choose --balance oversample"
            )
        return {label: {"before": number, "after": wanted[label]} for label, number in counts.items()}

    def _numbers(self) -> Iterable[str]:
        return features_of(RECORD_TYPES[self._plan.record_type])

    def _counted(self, names: Iterable[str], place: int = 1) -> dict[str, dict[str, float]]:
        counted = {name: {"before": 0, "after": 0.0} for name in sorted(set(names))}
        for key, number in self._trained.items():
            draw, told = self._draws[key[0]], counted[key[place]]
            told["before"] += number
            told["after"] += (draw.base * number + self._drawn[key]) * draw.worth
        return {name: told | {"after": plain(told["after"])} for name, told in counted.items()}


def plain(number: float) -> float:
    """Write a whole number as one, parts to a thousandth: the order in which they were added must leave no trace."""
    return int(number) if number == int(number) else round(number, _DECIMALS)
