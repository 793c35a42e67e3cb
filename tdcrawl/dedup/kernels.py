"""The inner loops of near-duplicate detection, compiled to machine code at first use and kept on disk.

Chains hold row numbers counted from 1, so that 0 ends one. Nothing here knows of Python objects: all arrays are
allocated by index.py, which also says what they hold.
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
_BIT_TABLE = types.uint64[:, ::1]
_ROWS = types.int64[::1]
_SPACE, _NEW_LINE = np.uint8(32), np.uint8(10)
_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_GOLDEN = np.uint32(0x9E3779B1)
_MOST = np.uint32(0xFFFFFFFF)


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


@njit(types.void(_TABLE, _TABLE, _BIT_TABLE), cache=True, nogil=True)
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


@njit(types.uint64(types.uint32, types.uint64), cache=True, nogil=True)
def slot(key: np.uint32, slots: int) -> np.uint64:
    """Place a key in one of so many slots."""
    return (np.uint64(key) * np.uint64(slots)) >> np.uint64(32)


@njit(types.void(_TABLE, _TABLE, _TABLE, types.int64, types.int64), cache=True, nogil=True)
def link(keys: Words, links: Words, heads: Words, first: int, last: int) -> None:
    """Put the rows from `first` up to, but not including, `last` at the heads of their chains."""
    for chain in range(heads.shape[0]):
        for row in range(first, last):
            at = slot(keys[row, chain], heads.shape[1])
            links[row, chain] = heads[chain, at]
            heads[chain, at] = row + 1


@njit(types.void(_TABLE, _TABLE, _TABLE, types.int64), cache=True, nogil=True)
def unlink(keys: Words, links: Words, heads: Words, row: int) -> None:
    """Take a row out of its chains."""
    for chain in range(heads.shape[0]):
        at = slot(keys[row, chain], heads.shape[1])
        before, here = np.int64(-1), np.int64(heads[chain, at]) - 1
        while here != row and here >= 0:
            before, here = here, np.int64(links[here, chain]) - 1
        if here < 0:
            continue
        if before < 0:
            heads[chain, at] = links[row, chain]
        else:
            links[before, chain] = links[row, chain]


@njit(types.uint64(types.uint64), cache=True, nogil=True)
def ones(bits: np.uint64) -> np.uint64:
    """Count the bits that are set."""
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (bits * np.uint64(0x0101010101010101)) >> np.uint64(56)


@njit(
    types.int64(types.int64, types.int64, _TABLE, _TABLE, _TABLE, _BIT_TABLE, _ROWS, types.int64),
    cache=True,
    nogil=True,
)
def search(
    wanted: int, most_apart: int, keys: Words, links: Words, heads: Words, sketches: Bits, found: Rows, start: int
) -> int:
    """Append to `found`, from `start` on, the rows that share a band with a row and nearly have its sketch.

    Returns where they end; what `found` cannot hold is counted, not kept.
    """
    end = start
    for band in range(keys.shape[1]):
        key = keys[wanted, band]
        row = np.int64(heads[band, slot(key, heads.shape[1])]) - 1
        while row >= 0:
            if keys[row, band] == key and row != wanted:
                apart = np.uint64(0)
                for word in range(sketches.shape[1]):
                    apart += ones(sketches[wanted, word] ^ sketches[row, word])
                if apart <= most_apart:
                    known = False
                    for earlier in range(start, min(end, found.size)):
                        known = known or found[earlier] == row
                    if not known:
                        if end < found.size:
                            found[end] = row
                        end += 1
            row = np.int64(links[row, band]) - 1
    return end


@njit(types.int64(_ROWS, types.int64, _TABLE, _TABLE, _TABLE, _BIT_TABLE, _ROWS, _ROWS), cache=True, nogil=True)
def stream(
    rows: Rows, most_apart: int, keys: Words, links: Words, heads: Words, sketches: Bits, places: Rows, found: Rows
) -> int:
    """Link rows one after another, each after a search: `found[n]` was there before `rows[places[n]]`.

    Returns how many pairs there are; what `found` cannot hold is counted, not kept.
    """
    end = 0
    for place in range(rows.size):
        start = end
        end = search(rows[place], most_apart, keys, links, heads, sketches, found, start)
        places[start:end] = place
        link(keys, links, heads, rows[place], rows[place] + 1)
    return end
