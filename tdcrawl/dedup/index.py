"""HAVE WE SEEN this text, or nearly? All texts of a record type as tables of integers, 390 bytes each at most."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from threading import Lock

import numpy as np

from tdcrawl.dedup import tables
from tdcrawl.dedup.kernels import Rows, Words
from tdcrawl.dedup.near import BANDS, SKETCH_WORDS, Signature, Signatures, most_bits_apart

_FEWEST_ROWS = 1024
# Larger steps would leave more of the tables empty.
_GROWTH = 1.3
# What is known to come leaves room for as much as a crawl may add.
_SPARE = 1.1
# Four slots in five may be taken: fuller tables are slower, emptier ones larger.
_SLOTS_A_ROW = 1.25
_PAIRS_A_ROW = 4
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
        # Rows are counted from 1: a slot with 0 is empty.
        self._rows = 1
        self._free: list[int] = []
        # The rows that may have to be taken back, with the keys by which they are found.
        self._reserved: dict[str, tuple[int, Words]] = {}
        self._found = np.empty(64, np.int64)
        self._rooms = np.empty(BANDS, np.int64)
        # What was found last: two stages ask for one text, mostly with nothing entered between them.
        self._last: tuple[Signature, list[int]] | None = None
        self._ids = np.empty((_FEWEST_ROWS, 16), np.uint8)
        self._sketches = np.empty((_FEWEST_ROWS, SKETCH_WORDS), np.uint64)
        self._table = np.zeros((BANDS, round(_SLOTS_A_ROW * _FEWEST_ROWS)), np.uint64)

    def __len__(self) -> int:
        return self._rows - 1 - len(self._free)

    def make_room(self, number: int) -> None:
        """Make room for so many more texts at once, and for some after them."""
        with self._lock:
            self._grow(max(len(self._ids), round(_SPARE * (self._rows + number))))

    def load(self, entries: bytes) -> None:
        """Add stored entries, one after another, for good."""
        table = np.frombuffer(entries, _ENTRY)
        with self._lock:
            rows = self._rows_for(len(table))
            self._ids[rows], self._sketches[rows] = table["id"], table["sketch"]
            tables.enter(self._table, np.ascontiguousarray(table["keys"]), rows)

    def add(self, item_id: str, signature: Signature) -> None:
        """Add a text for good, unless it is here as reserved."""
        with self._lock:
            if item_id not in self._reserved:
                self._enter(item_id, signature)

    def add_all(self, item_ids: Sequence[str], signatures: Signatures) -> None:
        """Add many texts for good."""
        with self._lock:
            tables.enter(self._table, signatures.keys, self._rows_of(item_ids, signatures))

    def reserve(self, item_id: str, signature: Signature) -> None:
        """Add the text of an item that is on its way; `settle` says how it ended."""
        with self._lock:
            self._reserved[item_id] = (self._enter(item_id, signature), signature.keys)

    def settle(self, item_id: str, accepted: bool) -> None:
        """Keep a reserved text for good, or take it back; any other is left as it is."""
        self.settle_all((item_id,), () if accepted else {item_id})

    def settle_all(self, item_ids: Iterable[str], rejected: Collection[str]) -> None:
        """Keep reserved texts for good but those that were rejected."""
        with self._lock:
            for item_id in item_ids:
                row, keys = self._reserved.pop(item_id, (0, None))
                if keys is not None and item_id in rejected:
                    self._last = None
                    tables.free(self._table, keys, row)
                    self._free.append(row)

    def near(self, signature: Signature) -> set[str]:
        """Find the ids of the texts that may reach the threshold, those of the same words among them."""
        with self._lock:
            return set(self._ids_of(self._search(signature)))

    def near_all(self, signatures: Signatures) -> list[tuple[int, str]]:
        """Find what `near` finds for each of many texts: its place with an id."""
        room = _PAIRS_A_ROW * len(signatures.keys)
        with self._lock:
            while True:
                places, found = np.empty(room, np.int64), np.empty(room, np.int64)
                end = tables.search_all(
                    signatures.keys,
                    signatures.sketches,
                    self._most_apart,
                    self._table,
                    self._sketches,
                    places,
                    found,
                )
                if end <= room:
                    return list(zip(places[:end].tolist(), self._ids_of(found[:end]), strict=True))
                room = end

    def same(self, signature: Signature) -> set[str]:
        """Find the ids of the texts that may have the same words."""
        with self._lock:
            rows = self._search(signature)
            return set(self._ids_of(row for row in rows if (self._sketches[row] == signature.sketch).all()))

    def stream(self, item_ids: Sequence[str], signatures: Signatures) -> list[tuple[int, str]]:
        """Reserve many texts one after another; gives each text's place with the id of one before it that is near."""
        with self._lock:
            rows = self._rows_of(item_ids, signatures)
            self._reserved.update(zip(item_ids, zip(rows.tolist(), signatures.keys, strict=True), strict=True))
            places, found = self._pairs(rows, signatures.keys)
            return list(zip(places.tolist(), self._ids_of(found), strict=True))

    def _pairs(self, rows: Rows, keys: Words) -> tuple[Rows, Rows]:
        room = _PAIRS_A_ROW * len(rows)
        while True:
            places, found = np.empty(room, np.int64), np.empty(room, np.int64)
            end = tables.stream(rows, keys, self._most_apart, self._table, self._sketches, places, found)
            if end <= room:
                return places[:end], found[:end]
            for row, its_keys in zip(rows, keys, strict=True):
                tables.free(self._table, its_keys, row)
            room = end

    def _search(self, signature: Signature) -> list[int]:
        if self._last is None or self._last[0] is not signature:
            self._last = signature, self._look(signature)
        return self._last[1]

    def _look(self, signature: Signature) -> list[int]:
        while True:
            end = tables.search(
                signature.keys, signature.sketch, self._most_apart, self._table, self._sketches, self._found, 0,
                self._rooms,
            )  # fmt: skip
            if end <= len(self._found):
                found: list[int] = self._found[:end].tolist()
                return found
            self._found = np.empty(2 * end, np.int64)

    def _enter(self, item_id: str, signature: Signature) -> int:
        self._last = None
        row = self._free.pop() if self._free else self._new_rows(1)
        self._ids[row] = np.frombuffer(bytes.fromhex(item_id), np.uint8)
        self._sketches[row] = signature.sketch
        tables.enter_one(self._table, signature.keys, row)
        return row

    def _rows_of(self, item_ids: Sequence[str], signatures: Signatures) -> Rows:
        rows = self._rows_for(len(item_ids))
        ids = np.frombuffer(bytes.fromhex("".join(item_ids)), np.uint8)
        self._ids[rows], self._sketches[rows] = ids.reshape(-1, 16), signatures.sketches
        return rows

    def _ids_of(self, rows: Iterable[int]) -> Iterator[str]:
        return (self._ids[row].tobytes().hex() for row in rows)

    def _rows_for(self, number: int) -> Rows:
        """Take rows that are free, then new ones."""
        self._last = None
        taken = [self._free.pop() for _ in range(min(number, len(self._free)))]
        first = self._new_rows(number - len(taken))
        return np.array([*taken, *range(first, self._rows)], np.int64)

    def _new_rows(self, number: int) -> int:
        """Take new rows; gives the first."""
        first, self._rows = self._rows, self._rows + number
        if self._rows > len(self._ids):
            self._grow(max(self._rows, round(_GROWTH * len(self._ids))))
        return first

    def _grow(self, capacity: int) -> None:
        """Make room in place: with a copy beside it, an index would need twice its memory at that moment."""
        before = self._table.shape[1]
        # Nobody else holds them while the lock is held; numpy would take a debugger's reference for a user's.
        self._ids.resize((capacity, self._ids.shape[1]), refcheck=False)
        self._sketches.resize((capacity, SKETCH_WORDS), refcheck=False)
        self._table.resize((BANDS, round(_SLOTS_A_ROW * capacity)), refcheck=False)
        tables.widen(self._table, before)
