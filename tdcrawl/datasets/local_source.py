"""Work on the records of a version in this process: the database groups them, and streams them twice."""

from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tdcrawl.balance.resample import Balance, Draw
from tdcrawl.datasets.plan import LABEL, FreezePlan
from tdcrawl.datasets.source import Counted, Making, Stored, Tied
from tdcrawl.datasets.split import TRAIN, Group
from tdcrawl.datasets.split_files import AtOnce, Parts
from tdcrawl.store import selection
from tdcrawl.store.engine import Connection
from tdcrawl.store.versions import Line


class LocalFreezing:
    """Need no folder to put things aside."""

    def source(self, connection: Connection, plan: FreezePlan, scratch: Path) -> "LocalSource":
        """Ask the database."""
        return LocalSource(connection, plan)

    def parts(self, scratch: Path) -> Parts:
        """Write each part at once."""
        return AtOnce()


class LocalSource:
    """Keep the split of each group, and 8 bytes for each record to train on."""

    def __init__(self, connection: Connection, plan: FreezePlan) -> None:
        self._connection, self._plan = connection, plan
        self._making = Making(plan)
        self._split_of: Mapping[Group, str] = {}
        self._counted = Counted()
        # Of training records, by what is balanced and by label.
        self._ranks: defaultdict[tuple[str, str], array[int]] = defaultdict(lambda: array("Q"))

    def groups(self) -> Iterable[tuple[Group, str, int]]:
        """Let the database count them."""
        for site, key, label, number in selection.groups(self._connection, self._plan.wanted):
            yield Group(site, key), label, number

    def clusters(self) -> Iterable[Tied]:
        """Ask for clusters of several records."""
        for cluster, site, key in selection.torn_clusters(self._connection, self._plan.wanted):
            yield (cluster,), Group(site, key)

    def authors(self, person: str) -> Iterable[Tied]:
        """Ask for authors of several records."""
        for author, site, key in selection.busy_authors(self._connection, self._plan.wanted, person):
            yield (site, author), Group(site, key)

    def place(self, split_of: Mapping[Group, str]) -> None:
        """Look at each record, and count it."""
        self._split_of = split_of
        for stored in self._looked_at():
            split, label = self._split(stored), stored["label"]
            value = self._making.value(stored) if split == TRAIN else ""
            self._counted.records[split, value, label] += 1
            if split == TRAIN:
                self._ranks[value, label].append(self._making.rank(stored))
                self._counted.complete[label] += self._making.is_complete(stored)

    def counted(self) -> Counted:
        """Give what was counted."""
        return self._counted

    def lowest(self, wanted: Mapping[str, int]) -> Mapping[str, int]:
        """Sort the ranks of the values that are asked for."""
        merged: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        for (value, _), ranks in self._ranks.items():
            if value in wanted:
                merged[value].extend(ranks)
        return {value: sorted(ranks)[wanted[value] - 1] for value, ranks in merged.items()}

    def drawn(self, last: Mapping[str, int]) -> Counter[tuple[str, str]]:
        """Count the ranks."""
        asked = {key: ranks for key, ranks in self._ranks.items() if key[0] in last}
        return Counter({key: bisect_right(sorted(ranks), last[key[0]]) for key, ranks in asked.items()})

    def lines(self, draws: Mapping[str, Draw]) -> Iterator[Line]:
        """Make a row after the other."""
        for stored in selection.stored_records(self._connection, self._plan.wanted):
            line = self._making.line(stored, self._split(stored), draws)
            if line:
                yield line

    def _split(self, stored: Stored) -> str:
        return self._split_of[Group(stored["site"], stored["group_key"])]

    def _looked_at(self) -> Iterable[Stored]:
        by_key = self._plan.balance_by == LABEL and self._plan.balance is not Balance.SMOTE
        look = selection.keys if by_key else selection.stored_records
        return look(self._connection, self._plan.wanted)
