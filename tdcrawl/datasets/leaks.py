"""Does a split give away what another asks? Texts, things and people that stand in more than one."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import compress, islice
from pathlib import Path
from typing import Self

import numpy as np

from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.split import TEST, TRAIN, VALIDATION
from tdcrawl.dedup import near
from tdcrawl.dedup.index import TextIndex
from tdcrawl.dedup.judge import Text, compare
from tdcrawl.dedup.near import SIGNATURE_BYTES, Signatures
from tdcrawl.records import RECORD_TYPES
from tdcrawl.store import leaks
from tdcrawl.store.engine import Connection
from tdcrawl.store.leaks import AUTHORS, Ids, Places
from tdcrawl.store.record_check import Looked

_AT_ONCE = 10_000
_SIGNED_AT_ONCE = 1_000
_PAIRS_AT_ONCE = 500
_ASKED = (TEST, VALIDATION, TRAIN)
"""The texts to train on, which are most of all, are asked about last, and never entered."""

Leaks = dict[str, tuple[int, list[str]]]
"""How many leaks there are of each kind, and the ids of rows that a few of them concern."""


class Watch:
    """Keep what records are compared by, from before anybody decides where they go: `take` is shown all of the ledger.

    16 bytes a record in memory and 8 more for each thing, and 128 in a file among what is put aside (`scratch`).
    """

    def __init__(self, plan: FreezePlan, scratch: Path) -> None:
        self._plan, self._kind = plan, RECORD_TYPES[plan.record_type]
        self._things = list(leaks.things(self._kind))
        self._ids: list[Ids] = []
        self._texts: list[str] = []
        self._signatures = (scratch / "signatures").open("w+b")
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown()
        self._signatures.close()

    def take(self, some: Looked) -> None:
        """Look at records; those of other types are passed over."""
        if set(some.record_type) != {self._kind.name}:
            mine = [kind == self._kind.name for kind in some.record_type]
            some = Looked._make(list(compress(column, mine)) for column in some)
        self._ids.append(leaks.ids_of(some.record_id))
        for _, thing in self._things:
            thing.look(some)
        self._texts += some.text
        if len(self._texts) >= _SIGNED_AT_ONCE:
            self._sign()

    def find(self, connection: Connection, *, authors_together: bool) -> Leaks:
        """Find what stands in several splits of the version, by its stored rows; authors where they must not."""
        self._sign()
        while self._waiting:
            self._waiting.popleft().result()
        ids = np.concatenate([leaks.ids_of([]), *self._ids])
        places = leaks.places(connection, self._plan.version, ids, _ASKED)
        pairs = sorted(set(self._near(connection, ids, places)))
        found: Leaks = {}
        for name, thing in self._things:
            if authors_together or name != AUTHORS:
                (before, named), (number, torn) = (
                    found.get(name, (0, [])),
                    thing.torn(connection, self._plan.version, places),
                )
                found[name] = before + number, [*named, *torn][: leaks.NAMED]
        found["near-duplicates"] = len(pairs), [" and ".join(pair) for pair in pairs[: leaks.NAMED]]
        return {name: leak for name, leak in found.items() if leak[0]}

    def _sign(self) -> None:
        """Sign beside Python, while the next texts are read."""
        self._waiting.append(self._thread.submit(self._write, self._texts))
        self._texts = []
        if len(self._waiting) > 1:
            self._waiting.popleft().result()

    def _write(self, texts: Sequence[str]) -> None:
        self._signatures.write(near.sign_all(texts).packed())

    def _near(self, connection: Connection, ids: Ids, places: Places) -> Iterator[tuple[str, str]]:
        """Find the texts that are alike and stand in different splits, whatever the crawl had found."""
        candidates = self._candidates(ids, places)
        while pairs := list(islice(candidates, _PAIRS_AT_ONCE)):
            stored = leaks.splits_of(connection, self._plan.version, {one for pair in pairs for one in pair})
            for one, other in pairs:
                if stored[one][0] != stored[other][0] and self._alike(stored[one][1], stored[other][1]):
                    yield min(one, other), max(one, other)

    def _candidates(self, ids: Ids, places: Places) -> Iterator[tuple[str, str]]:
        index = TextIndex(self._plan.near_duplicate_threshold)
        for number, split in enumerate(_ASKED, 1):
            self._signatures.seek(0)
            for first in range(0, len(ids), _AT_ONCE):
                wanted = places[first : first + _AT_ONCE] == number
                signatures = Signatures.unpacked(self._signatures.read(len(wanted) * SIGNATURE_BYTES), wanted)
                named = leaks.named(ids[first : first + _AT_ONCE][wanted])
                # Not with each other: they are in one split.
                yield from ((named[place], other) for place, other in index.near_all(signatures))
                if split != TRAIN:
                    index.add_all(named, signatures)

    def _alike(self, *both: dict[str, object]) -> bool:
        one, other = (Text("", self._kind.sameness(self._kind.stored(data)), "", ()) for data in both)
        return compare(one, other, self._plan.near_duplicate_threshold) is not None
