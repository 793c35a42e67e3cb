"""The inner loops of near-duplicate detection, compiled to machine code at first use and kept on disk.

A table has a line of slots for each band. A slot holds a key in its upper half and the number of a row, from 1 on, in
its lower; a row whose slot is taken stands in the next one. Nothing here knows of Python objects: index.py allocates.
"""

import numpy as np
import numpy.typing as npt
from numba import njit, types

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]
Bits = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]

_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
_WORDS = types.uint32[::1]
_TABLE = types.uint32[:, ::1]
_READ_TABLE = types.Array(types.uint32, 2, "C", readonly=True)
BIT_TABLE = types.uint64[:, ::1]
_BITS = types.uint64[::1]
ROWS = types.int64[::1]
_SPACE, _NEW_LINE = np.uint8(32), np.uint8(10)
_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_GOLDEN = np.uint32(0x9E3779B1)
_MOST = np.uint32(0xFFFFFFFF)
_EMPTY, _FREED = 0, 0xFFFFFFFF


@njit(types.uint32(types.uint32), cache=True, nogil=True)
def mix(value: np.uint32) -> np.uint32:
    """Spread a value over all 32 bits: the finalizer of MurmurHash3."""
    # numba widens what it computes with to 64 bits, so each product is cut back.
    value = np.uint32((value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    value = np.uint32((value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    return np.uint32(value ^ (value >> np.uint32(16)))


@njit(types.void(_BYTES, _WORDS, _WORDS, _TABLE), cache=True, nogil=True)
def minima(texts: Bytes, multipliers: Words, increments: Words, signatures: Words) -> None:
    """Fill a MinHash signature for each line of a UTF-8 text, from its tokens, parted by spaces.

    A token's hash is FNV-1a of 64 bits folded to 32; what follows is datasketch's scheme affine32.
    """
    signatures[:] = _MOST
    line, token, length = 0, _FNV_OFFSET, 0
    for place in range(texts.size + 1):
        byte = texts[place] if place < texts.size else _NEW_LINE
        if byte not in (_SPACE, _NEW_LINE):
            token = (token ^ np.uint64(byte)) * _FNV_PRIME
            length += 1
            continue
        if length:
            hashed = mix(np.uint32(token ^ (token >> np.uint64(32))))
            signature = signatures[line]
            for turn in range(signature.size):
                value = np.uint32(multipliers[turn] * hashed + increments[turn])
                signature[turn] = min(signature[turn], value)
            token, length = _FNV_OFFSET, 0
        line += byte == _NEW_LINE


@njit(types.void(_TABLE, _TABLE, BIT_TABLE), cache=True, nogil=True)
def condense(signatures: Words, keys: Words, sketches: Bits) -> None:
    """Reduce each signature to a key for each band, and to a sketch of the lowest bit of each value."""
    rows = signatures.shape[1] // keys.shape[1]
    sketches[:] = 0
    for line in range(signatures.shape[0]):
        signature = signatures[line]
        for band in range(keys.shape[1]):
            key = np.uint32(band)
            for value in signature[band * rows : (band + 1) * rows]:
                key = mix(np.uint32((key ^ value) * _GOLDEN))
            keys[line, band] = key
        for turn in range(signature.size):
            sketches[line, turn >> 6] |= np.uint64(signature[turn] & np.uint32(1)) << np.uint64(turn & 63)


@njit(types.int64(types.uint32, types.int64), cache=True, nogil=True)
def home(key: np.uint32, slots: int) -> np.int64:
    """Give the slot at which a key is looked for first; larger keys have later ones, whatever the number of slots."""
    return np.int64((np.uint64(key) * np.uint64(slots)) >> np.uint64(32))


@njit(types.int64(types.int64, types.int64), cache=True, nogil=True)
def after(at: np.int64, slots: int) -> np.int64:
    """Give the slot after another one; the first comes after the last."""
    return np.int64(at + 1 if at + 1 < slots else 0)


@njit(types.void(BIT_TABLE, types.int64, types.uint32, types.int64), cache=True, nogil=True)
def put(table: Bits, band: int, key: np.uint32, row: int | np.int64) -> None:
    """Enter a row under a key: in the first slot, from its home on, that is empty or was set free."""
    slots = table.shape[1]
    at = home(key, slots)
    while np.uint32(table[band, at]) not in (_EMPTY, _FREED):
        at = after(at, slots)
    table[band, at] = (np.uint64(key) << np.uint64(32)) | np.uint64(row)


@njit(types.void(BIT_TABLE, _READ_TABLE, ROWS), cache=True, nogil=True)
def enter(table: Bits, keys: Words, rows: Rows) -> None:
    """Enter rows (from 1 on) under their keys, band by band."""
    for band in range(table.shape[0]):
        for place in range(rows.size):
            put(table, band, keys[place, band], rows[place])


@njit(types.void(BIT_TABLE, BIT_TABLE), cache=True, nogil=True)
def move(old: Bits, new: Bits) -> None:
    """Enter all rows of one table into a larger one, which is empty: in the order of the slots, so memory is walked."""
    for band in range(old.shape[0]):
        for entry in old[band]:
            if np.uint32(entry) not in (_EMPTY, _FREED):
                put(new, band, np.uint32(entry >> np.uint64(32)), np.int64(np.uint32(entry)))


@njit(types.void(BIT_TABLE, _WORDS, types.int64), cache=True, nogil=True)
def free(table: Bits, keys: Words, row: int) -> None:
    """Set the slots of a row free, without breaking the way to what stands behind them."""
    for band in range(table.shape[0]):
        wanted = (np.uint64(keys[band]) << np.uint64(32)) | np.uint64(row)
        at = home(keys[band], table.shape[1])
        while table[band, at] != wanted:
            at = after(at, table.shape[1])
        table[band, at] = _FREED


@njit(types.uint64(types.uint64), cache=True, nogil=True)
def ones(bits: np.uint64) -> np.uint64:
    """Count the bits that are set."""
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (bits * np.uint64(0x0101010101010101)) >> np.uint64(56)


@njit(types.int64(_WORDS, _BITS, types.int64, BIT_TABLE, BIT_TABLE, ROWS, types.int64), cache=True, nogil=True)
def search(keys: Words, sketch: Bits, most_apart: int, table: Bits, sketches: Bits, found: Rows, start: int) -> int:
    """Append to `found`, from `start` on, the rows that share a band with a text and nearly have its sketch.

    Returns where they end; what `found` cannot hold is counted, not kept.
    """
    end = start
    for band in range(table.shape[0]):
        at = home(keys[band], table.shape[1])
        while table[band, at] != _EMPTY:
            entry = table[band, at]
            at = after(at, table.shape[1])
            row = np.int64(np.uint32(entry))
            if np.uint32(entry >> np.uint64(32)) != keys[band] or row == _FREED:
                continue
            apart = np.uint64(0)
            for word in range(sketch.size):
                apart += ones(sketch[word] ^ sketches[row, word])
            if apart <= most_apart:
                known = False
                for earlier in range(start, min(end, found.size)):
                    known = known or found[earlier] == row
                if not known:
                    if end < found.size:
                        found[end] = row
                    end += 1
    return end


@njit(types.int64(ROWS, _TABLE, types.int64, BIT_TABLE, BIT_TABLE, ROWS, ROWS), cache=True, nogil=True)
def stream(rows: Rows, keys: Words, most_apart: int, table: Bits, sketches: Bits, places: Rows, found: Rows) -> int:
    """Enter rows one after another, each after a search: `found[n]` was there before `rows[places[n]]`.

    Returns how many pairs there are; what `found` cannot hold is counted, not kept.
    """
    end = 0
    for place in range(rows.size):
        start = end
        row = rows[place]
        end = search(keys[place], sketches[row], most_apart, table, sketches, found, start)
        places[start:end] = place
        for band in range(table.shape[0]):
            put(table, band, keys[place, band], row)
    return end
