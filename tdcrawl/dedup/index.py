"""HAVE WE SEEN this text, or nearly? All texts of a record type as tables of integers, 350 bytes each at most."""

from collections.abc import Iterator
from threading import Lock

import numpy as np

from tdcrawl.dedup import kernels
from tdcrawl.dedup.near import BANDS, SKETCH_WORDS, Signature, most_bits_apart

_FEWEST_ROWS = 1024
# Doubling would leave half of the tables empty at the worst.
_GROWTH = 1.5
# Chains of one or two rows cost little time; a slot for each row would cost 50 bytes more.
_SLOTS_A_ROW = 2 / 3
_FOUND_AT_ONCE = 64
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
        self._rows = 0
        self._free: list[int] = []
        # The rows that may have to be taken back.
        self._reserved: dict[str, int] = {}
        self._found = np.empty(_FOUND_AT_ONCE, np.int64)
        self._ids = np.empty((_FEWEST_ROWS, 16), np.uint8)
        self._keys = np.empty((_FEWEST_ROWS, BANDS), np.uint32)
        self._links = np.empty((_FEWEST_ROWS, BANDS), np.uint32)
        self._sketches = np.empty((_FEWEST_ROWS, SKETCH_WORDS), np.uint64)
        self._heads = _empty_heads(_FEWEST_ROWS)

    def __len__(self) -> int:
        return self._rows - len(self._free)

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
                self._link(item_id, signature)

    def reserve(self, item_id: str, signature: Signature) -> None:
        """Add the text of an item that is on its way; `settle` says how it ended."""
        with self._lock:
            self._reserved[item_id] = self._link(item_id, signature)

    def settle(self, item_id: str, accepted: bool) -> None:
        """Keep a reserved text for good, or take it back; any other is left as it is."""
        with self._lock:
            row = self._reserved.pop(item_id, None)
            if row is not None and not accepted:
                kernels.unlink(self._keys, self._links, self._heads, row)
                self._free.append(row)

    def near(self, signature: Signature) -> set[str]:
        """Find the ids of the texts that may reach the threshold, those of the same words among them."""
        return self._search(signature, self._most_apart)

    def same(self, signature: Signature) -> set[str]:
        """Find the ids of the texts that may have the same words."""
        return self._search(signature, 0)

    def _link(self, item_id: str, signature: Signature) -> int:
        row = self._free.pop() if self._free else self._new_rows(1)
        self._ids[row] = np.frombuffer(bytes.fromhex(item_id), np.uint8)
        self._keys[row] = signature.keys
        self._sketches[row] = signature.sketch
        kernels.link(self._keys, self._links, self._heads, row, row + 1)
        return row

    def _search(self, signature: Signature, most_apart: int) -> set[str]:
        with self._lock:
            while True:
                count = kernels.search(
                    signature.keys, signature.sketch, most_apart,
                    self._keys, self._links, self._heads, self._sketches, self._found,
                )  # fmt: skip
                if count <= len(self._found):
                    return set(self._ids_of(count))
                self._found = np.empty(2 * count, np.int64)

    def _ids_of(self, count: int) -> Iterator[str]:
        return (self._ids[row].tobytes().hex() for row in self._found[:count])

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
        kernels.link(self._keys, self._links, self._heads, 0, used)


def _empty_heads(rows: int) -> kernels.Words:
    return np.zeros((BANDS, round(_SLOTS_A_ROW * rows)), np.uint32)
