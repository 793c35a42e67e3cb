"""Work on the records of a version in this process: the database streams what decides about them, then all of each."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, islice, repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tdcrawl.balance.resample import Balance, Draw
from tdcrawl.datasets.plan import LABEL, FreezePlan
from tdcrawl.datasets.source import Counted, Making, Stored, Tied
from tdcrawl.datasets.split import SPLITS, TRAIN, Group
from tdcrawl.datasets.split_files import AtOnce, Parts
from tdcrawl.store import selection
from tdcrawl.store.engine import Connection
from tdcrawl.store.versions import Line

Numbers = npt.NDArray[np.uint32]
Ranks = npt.NDArray[np.uint64]
_Kind = tuple[str, str, int]
"""What is balanced of a record, its label, and 1 if rows can be made up beside it, else 0."""
_DRAWN = {Balance.UNDERSAMPLE, Balance.OVERSAMPLE}
_AT_ONCE = 200


class LocalFreezing:
    """Need no folder to put things aside."""

    def source(self, connection: Connection, plan: FreezePlan, scratch: Path) -> "LocalSource":
        """Ask the database."""
        return LocalSource(connection, plan)

    def parts(self, scratch: Path) -> Parts:
        """Write each part at once."""
        return AtOnce()


class LocalSource:
    """Keep of each record the numbers of its group and of its kind, 8 bytes, and 8 more where records are drawn."""

    def __init__(self, connection: Connection, plan: FreezePlan) -> None:
        self._connection, self._plan = connection, plan
        self._making = Making(plan)
        self._split_of: Mapping[tuple[str, str], str] = {}
        self._counted = Counted()
        self._number_of: defaultdict[tuple[str, str], int] = defaultdict(count().__next__)
        self._number_of_kind: defaultdict[_Kind, int] = defaultdict(count().__next__)
        self._groups, self._kinds, self._ranks = array("I"), array("I"), array("Q")
        # Of training records, sorted, by what is balanced and by label.
        self._trained: dict[tuple[str, str], Ranks] = {}
        for some in self._looked_at():
            self._look(*some)

    def groups(self) -> Iterable[tuple[Group, str, int]]:
        """Count them."""
        groups, kinds = list(self._number_of), list(self._number_of_kind)
        for group, kind, number in _counted_pairs(_numbers(self._groups), _numbers(self._kinds)):
            yield Group(*groups[group]), kinds[kind][1], number

    def clusters(self) -> Iterable[Tied]:
        """Ask for clusters of several records."""
        for cluster, site, key in selection.torn_clusters(self._connection, self._plan.wanted):
            yield (cluster,), Group(site, key)

    def authors(self, person: str) -> Iterable[Tied]:
        """Ask for authors of several records."""
        for author, site, key in selection.busy_authors(self._connection, self._plan.wanted, person):
            yield (site, author), Group(site, key)

    def place(self, split_of: Mapping[Group, str]) -> None:
        """Count the records of each split."""
        self._split_of = {(site, key): split for (site, key), split in split_of.items()}
        split_of_group = np.array([SPLITS.index(self._split_of[group]) for group in self._number_of], np.uint32)
        splits, of_kind = split_of_group[_numbers(self._groups)], list(self._number_of_kind)
        for split, kind, number in _counted_pairs(splits, _numbers(self._kinds)):
            (value, label, complete), trained = of_kind[kind], SPLITS[split] == TRAIN
            self._counted.records[SPLITS[split], value if trained else "", label] += number
            self._counted.complete[label] += number * complete if trained else 0
        if self._ranks:
            self._sort_ranks(splits == SPLITS.index(TRAIN))

    def counted(self) -> Counted:
        """Give what was counted."""
        return self._counted

    def lowest(self, wanted: Mapping[str, int]) -> Mapping[str, int]:
        """Sort the ranks of the values that are asked for."""
        merged: defaultdict[str, list[Ranks]] = defaultdict(list)
        for (value, _), ranks in self._trained.items():
            if value in wanted:
                merged[value].append(ranks)
        return {value: int(np.sort(np.concatenate(ranks))[wanted[value] - 1]) for value, ranks in merged.items()}

    def drawn(self, last: Mapping[str, int]) -> Counter[tuple[str, str]]:
        """Count the ranks."""
        asked = {key: ranks for key, ranks in self._trained.items() if key[0] in last}
        return Counter(
            {key: int(np.searchsorted(ranks, np.uint64(last[key[0]]), "right")) for key, ranks in asked.items()}
        )

    def lines(self, draws: Mapping[str, Draw]) -> Iterator[Line]:
        """Make a row after the other."""
        for stored in selection.stored_records(self._connection, self._plan.wanted):
            split = self._split_of[stored["site"], stored["group_key"]]
            if line := self._making.line(stored, split, draws):
                yield line

    def _looked_at(self) -> Iterator[tuple[Iterable[str], Iterable[tuple[str, str]], Iterable[_Kind]]]:
        """Give ids, groups and kinds, many at once."""
        if self._plan.balance_by == LABEL and self._plan.balance is not Balance.SMOTE:
            for keys in selection.keys(self._connection, self._plan.wanted):
                ids, sites, groups, labels = zip(*keys, strict=True)
                yield ids, zip(sites, groups, strict=True), zip(labels, labels, repeat(0))
            return
        records = selection.stored_records(self._connection, self._plan.wanted)
        while some := list(islice(records, _AT_ONCE)):
            named = ((stored["site"], stored["group_key"]) for stored in some)
            yield (stored["record_id"] for stored in some), named, map(self._kind, some)

    def _kind(self, stored: Stored) -> _Kind:
        return self._making.value(stored), stored["label"], int(self._making.is_complete(stored))

    def _look(self, ids: Iterable[str], groups: Iterable[tuple[str, str]], kinds: Iterable[_Kind]) -> None:
        self._groups.extend(map(self._number_of.__getitem__, groups))
        self._kinds.extend(map(self._number_of_kind.__getitem__, kinds))
        if self._plan.balance in _DRAWN:
            self._ranks.extend(map(self._making.rank, ids))

    def _sort_ranks(self, trained: npt.NDArray[np.bool_]) -> None:
        kinds, ranks = _numbers(self._kinds)[trained], np.frombuffer(self._ranks, np.uint64)[trained]
        order = np.lexsort((ranks, kinds))
        firsts = np.flatnonzero(np.diff(kinds[order].astype(np.int64), prepend=-1))
        of_kind = list(self._number_of_kind)
        # Of nothing there is still one piece.
        for number, its_ranks in zip(kinds[order][firsts], np.split(ranks[order], firsts[1:]), strict=False):
            value, label, _ = of_kind[number]
            self._trained[value, label] = its_ranks


def _numbers(some: "array[int]") -> Numbers:
    return np.frombuffer(some, np.uint32)


def _counted_pairs(some: Numbers, others: Numbers) -> Iterator[tuple[int, int, int]]:
    """Count how often each number stands beside each other one."""
    factor = int(others.max(initial=0)) + 1
    pairs, numbers = np.unique(some.astype(np.uint64) * factor + others, return_counts=True)
    for pair, number in zip(pairs.tolist(), numbers.tolist(), strict=True):
        yield *divmod(pair, factor), number
