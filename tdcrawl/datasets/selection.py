"""Which records become rows: each record's split, and who stays where a label is too frequent."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tdcrawl.balance import resample
from tdcrawl.datasets.plan import Balance, FreezePlan
from tdcrawl.datasets.split import SPLITS, Splitter
from tdcrawl.records.columns import Columns, Row, training_row
from tdcrawl.store import selection
from tdcrawl.store.engine import Connection

TRAIN = SPLITS[0]
Counts = dict[str, dict[str, dict[str, int]]]
"""Split -> label -> {"before", "after"}: records there are, and rows there will be."""


class Selection:
    """Hold who goes where; made in one pass over the keys of all records, used in a second one over the records."""

    def __init__(self, connection: Connection, plan: FreezePlan) -> None:
        self._connection = connection
        self._plan = plan
        self._splitter = Splitter(plan.split, plan.salt)
        self._splitter.join_clusters(selection.torn_clusters(connection, plan.record_type))
        self._before: Counter[tuple[str, str]] = Counter()
        training_ranks = self._count(selection.keys(connection, plan.record_type))
        self._cap = self._cap_of(training_ranks)
        self._last_kept = resample.last_kept(training_ranks, self._cap) if self._cap else {}

    def counts(self) -> Counts:
        """Count each label of each split before and after the balancing."""
        counts: Counts = {split: {} for split in SPLITS}
        for (split, label), before in sorted(self._before.items()):
            after = min(before, self._cap) if self._cap and split == TRAIN else before
            counts[split][label] = {"before": before, "after": after}
        return counts

    def rows(self, columns: Columns) -> Iterator[Row]:
        """Stream the rows of the version, in no particular order."""
        for stored in selection.stored_records(self._connection, self._plan.record_type):
            split = self._splitter.split_of(stored["site"], stored["group_key"])
            if split != TRAIN or self._stays(stored):
                yield training_row(stored, columns, split)

    def _count(self, keys: Iterable[selection.Key]) -> Mapping[str, list[str]]:
        ranks: defaultdict[str, list[str]] = defaultdict(list)
        for key in keys:
            split = self._splitter.split_of(key.site, key.group_key)
            self._before[split, key.label] += 1
            if split == TRAIN:
                ranks[key.label].append(resample.rank(key.record_id, self._plan.salt))
        return ranks

    def _cap_of(self, training_ranks: Mapping[str, list[str]]) -> int | None:
        if self._plan.balance is Balance.NONE:
            return None
        return resample.cap({label: len(ranks) for label, ranks in training_ranks.items()}, self._plan.max_share)

    def _stays(self, stored: Mapping[str, Any]) -> bool:
        last = self._last_kept.get(stored["label"])
        return last is None or resample.rank(stored["record_id"], self._plan.salt) <= last
