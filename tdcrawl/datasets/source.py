"""What a version is chosen from and who works on it: every engine tells the same, and makes the same rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tdcrawl.balance import resample
from tdcrawl.balance.resample import Balance, Draw
from tdcrawl.datasets.beside import is_complete
from tdcrawl.datasets.plan import LABEL, FreezePlan
from tdcrawl.datasets.split import TRAIN, Group
from tdcrawl.datasets.split_files import Parts
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.columns import columns_of, features_of, to_json, training_row
from tdcrawl.store.engine import Connection
from tdcrawl.store.versions import Line

Stored = Mapping[str, Any]
"""A row of the table `records`."""
Tied = tuple[tuple[str, ...], Group]
"""A thing (a cluster, an author of a site), and a group that has a record of it."""


@dataclass
class Counted:
    """Count the records by split, value (of what is balanced, in the training split) and label.

    `complete` counts by label those of the training split that lack no number, where rows are to be made up.
    """

    records: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    complete: Counter[str] = field(default_factory=Counter)


class Source(Protocol):
    """Hold the records that a version is chosen from; what follows `place` can be asked after it."""

    def groups(self) -> Iterable[tuple[Group, str, int]]:
        """Give (group, label, number of records) of all records."""

    def clusters(self) -> Iterable[Tied]:
        """Give the groups of each near-duplicate cluster that may have several."""

    def authors(self, person: str) -> Iterable[Tied]:
        """Give the groups of each author of a site who may have several; the field `person` names the author."""

    def place(self, split_of: Mapping[Group, str]) -> None:
        """Put each record where its group goes."""

    def counted(self) -> Counted:
        """Count the records."""

    def lowest(self, wanted: Mapping[str, int]) -> Mapping[str, int]:
        """Give the rank that so many records of a value to train on have at most."""

    def drawn(self, last: Mapping[str, int]) -> Counter[tuple[str, str]]:
        """Count the records to train on whose rank is at most the last of their value, by value and label."""

    def lines(self, draws: Mapping[str, Draw]) -> Iterator[Line]:
        """Stream the rows of the version by record id."""


class Engine(Protocol):
    """Work on the records of a version, and write its parts; each with a folder to put things aside."""

    def source(self, connection: Connection, plan: FreezePlan, scratch: Path) -> Source:
        """Select the records."""

    def parts(self, scratch: Path) -> Parts:
        """Say who writes parts."""


class Making:
    """Look at a record, and make a row of it: the same wherever that is done."""

    def __init__(self, plan: FreezePlan) -> None:
        self._plan = plan
        kind = RECORD_TYPES[plan.record_type]
        self._columns = columns_of(kind)
        self._by = {plan.balance_by: self._columns[plan.balance_by]}
        self._numbers = {name: self._columns[name] for name in features_of(kind)}

    def value(self, stored: Stored) -> str:
        """Give what is balanced."""
        if self._plan.balance_by == LABEL:
            return str(stored["label"])
        return str(training_row(stored, self._by, TRAIN)[self._plan.balance_by])

    def rank(self, record_id: str) -> int:
        """Give a record its place in the draw, 64 bits."""
        return resample.rank(record_id, self._plan.seed)

    def is_complete(self, stored: Stored) -> bool:
        """Say whether rows can be made up beside it."""
        return self._plan.balance is Balance.SMOTE and is_complete(training_row(stored, self._numbers, TRAIN))

    def line(self, stored: Stored, split: str, draws: Mapping[str, Draw]) -> Line | None:
        """Make the row; None where the balancing leaves it out."""
        weight = self._weight(stored, draws) if split == TRAIN else 1.0
        if not weight:
            return None
        return Line(stored["record_id"], split, to_json(training_row(stored, self._columns, split, weight)))

    def _weight(self, stored: Stored, draws: Mapping[str, Draw]) -> float:
        draw = draws[self.value(stored)]
        # Most need no place in the draw.
        return draw.weight(self.rank(stored["record_id"]) if draw.last >= 0 else 0)
