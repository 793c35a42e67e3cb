"""HAVE WE SEEN this text, or nearly? All texts of a record type as tables of integers, 370 bytes each at most."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from threading import Lock

import numpy as np

from tdcrawl.dedup import kernels
from tdcrawl.dedup.kernels import Rows, Words
from tdcrawl.dedup.near import BANDS, SKETCH_WORDS, Signature, Signatures, most_bits_apart

_FEWEST_ROWS = 1024
# Doubling would leave half of the tables empty at the worst.
_GROWTH = 1.5
# Chains of one or two rows cost little time; a slot for each row would cost 50 bytes more.
_SLOTS_A_ROW = 2 / 3
_PAIRS_A_ROW = 4
# The first row is in no chain: it holds the text that is looked for.
_WANTED = 0
_ENTRY = np.dtype([("id", np.uint8, 16), ("keys", "<u4", BANDS), ("sketch", "<u8", SKETCH_WORDS)])


def entry_bytes(item_id: str, signature: Signature) -> bytes:
    """Write an entry as it is stored: the id (32 hexadecimal digits), keys and sketch, little-endian, 144 bytes."""
    return bytes.fromhex(item_id) + signature.keys.astype("<u4").tobytes() + signature.sketch.astype("<u8").tobytes()


class TextIndex:
    """Find the texts that may be the same as a given one, or nearly; whether they are, their words must tell.

    Safe to use from several threads. An entry too many costs a look at its text, an entry too few is a missed copy:
    who is in doubt adds.
    """

    def __init__(self, threshold: float) -> None:
        self._most_apart = most_bits_apart(threshold)
        self._lock = Lock()
        self._rows = _WANTED + 1
        self._free: list[int] = []
        # The rows that may have to be taken back.
        self._reserved: dict[str, int] = {}
        self._found = np.empty(64, np.int64)
        self._ids = np.empty((_FEWEST_ROWS, 16), np.uint8)
        self._keys = np.empty((_FEWEST_ROWS, BANDS), np.uint32)
        self._links = np.empty((_FEWEST_ROWS, BANDS), np.uint32)
        self._sketches = np.empty((_FEWEST_ROWS, SKETCH_WORDS), np.uint64)
        self._heads = _empty_heads(_FEWEST_ROWS)

    def __len__(self) -> int:
        return self._rows - 1 - len(self._free)

    def load(self, entries: bytes) -> None:
        """Add stored entries, one after another, for good."""
        table = np.frombuffer(entries, _ENTRY)
        with self._lock:
            first = self._new_rows(len(table))
            self._ids[first : self._rows] = table["id"]
            self._keys[first : self._rows] = table["keys"]
            self._sketches[first : self._rows] = table["sketch"]
            kernels.link(self._keys, self._links, self._heads, first, self._rows)

    def add(self, item_id: str, signature: Signature) -> None:
        """Add a text for good, unless it is here as reserved."""
        with self._lock:
            if item_id not in self._reserved:
                self._enter(item_id, signature)

    def reserve(self, item_id: str, signature: Signature) -> None:
        """Add the text of an item that is on its way; `settle` says how it ended."""
        with self._lock:
            self._reserved[item_id] = self._enter(item_id, signature)

    def settle(self, item_id: str, accepted: bool) -> None:
        """Keep a reserved text for good, or take it back; any other is left as it is."""
        self.settle_all((item_id,), () if accepted else {item_id})

    def settle_all(self, item_ids: Iterable[str], rejected: Collection[str]) -> None:
        """Keep reserved texts for good but those that were rejected."""
        with self._lock:
            for item_id in item_ids:
                row = self._reserved.pop(item_id, None)
                if row is not None and item_id in rejected:
                    kernels.unlink(self._keys, self._links, self._heads, row)
                    self._free.append(row)

    def near(self, signature: Signature) -> set[str]:
        """Find the ids of the texts that may reach the threshold, those of the same words among them."""
        return self._search(signature, self._most_apart)

    def same(self, signature: Signature) -> set[str]:
        """Find the ids of the texts that may have the same words."""
        return self._search(signature, 0)

    def stream(self, item_ids: Sequence[str], signatures: Signatures) -> list[tuple[int, str]]:
        """Reserve many texts one after another; gives each text's place with the id of one before it that is near."""
        with self._lock:
            rows = self._rows_for(len(item_ids))
            ids = np.frombuffer(bytes.fromhex("".join(item_ids)), np.uint8)
            self._ids[rows], self._keys[rows] = ids.reshape(-1, 16), signatures.keys
            self._sketches[rows] = signatures.sketches
            self._reserved.update(zip(item_ids, rows.tolist(), strict=True))
            places, found = self._pairs(rows)
            return list(zip(places.tolist(), self._ids_of(found), strict=True))

    def _pairs(self, rows: Rows) -> tuple[Rows, Rows]:
        room = _PAIRS_A_ROW * len(rows)
        while True:
            places, found = np.empty(room, np.int64), np.empty(room, np.int64)
            end = kernels.stream(
                rows, self._most_apart, self._keys, self._links, self._heads, self._sketches, places, found
            )
            if end <= room:
                return places[:end], found[:end]
            for row in rows:
                kernels.unlink(self._keys, self._links, self._heads, row)
            room = end

    def _search(self, signature: Signature, most_apart: int) -> set[str]:
        with self._lock:
            self._keys[_WANTED], self._sketches[_WANTED] = signature.keys, signature.sketch
            while True:
                end = kernels.search(
                    _WANTED, most_apart, self._keys, self._links, self._heads, self._sketches, self._found, 0
                )
                if end <= len(self._found):
                    return set(self._ids_of(self._found[:end]))
                self._found = np.empty(2 * end, np.int64)

    def _enter(self, item_id: str, signature: Signature) -> int:
        row = self._free.pop() if self._free else self._new_rows(1)
        self._ids[row] = np.frombuffer(bytes.fromhex(item_id), np.uint8)
        self._keys[row], self._sketches[row] = signature.keys, signature.sketch
        kernels.link(self._keys, self._links, self._heads, row, row + 1)
        return row

    def _ids_of(self, rows: Iterable[int]) -> Iterator[str]:
        return (self._ids[row].tobytes().hex() for row in rows)

    def _rows_for(self, number: int) -> Rows:
        """Take free rows, then new ones."""
        new = max(0, number - len(self._free))
        first = self._new_rows(new)
        taken = [self._free.pop() for _ in range(number - new)]
        return np.array([*taken, *range(first, self._rows)], np.int64)

    def _new_rows(self, number: int) -> int:
        """Make room for so many rows at the end; returns the first of them."""
        first, self._rows = self._rows, self._rows + number
        if self._rows > len(self._ids):
            self._grow(first, max(self._rows, round(_GROWTH * len(self._ids))))
        return first

    def _grow(self, used: int, capacity: int) -> None:
        for name in ("_ids", "_keys", "_links", "_sketches"):
            old = getattr(self, name)
            new = np.empty((capacity, *old.shape[1:]), old.dtype)
            new[:used] = old[:used]
            setattr(self, name, new)
        self._heads = _empty_heads(capacity)
        kernels.link(self._keys, self._links, self._heads, _WANTED + 1, used)
        for row in self._free:
            # Linked again when it is taken, it would be in a chain twice, and the chain without an end.
            kernels.unlink(self._keys, self._links, self._heads, row)


def _empty_heads(rows: int) -> Words:
    return np.zeros((BANDS, round(_SLOTS_A_ROW * rows)), np.uint32)
