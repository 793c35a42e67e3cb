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
_BITS = types.uint64[::1]
_BIT_TABLE = types.uint64[:, ::1]
_SPACE = 32
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


@njit(types.void(_BYTES, _WORDS, _WORDS, _WORDS), cache=True, nogil=True)
def minima(text: Bytes, multipliers: Words, increments: Words, signature: Words) -> None:
    """Fill a MinHash signature from the tokens of a UTF-8 text, parted by spaces.

    A token's hash is FNV-1a of 64 bits folded to 32; what follows is datasketch's scheme affine32.
    """
    signature[:] = _MOST
    token, length = _FNV_OFFSET, 0
    for place in range(text.size + 1):
        if place < text.size and text[place] != _SPACE:
            token = (token ^ np.uint64(text[place])) * _FNV_PRIME
            length += 1
        elif length:
            hashed = mix(np.uint32(token ^ (token >> np.uint64(32))))
            for turn in range(signature.size):
                value = np.uint32(multipliers[turn] * hashed + increments[turn])
                signature[turn] = min(signature[turn], value)
            token, length = _FNV_OFFSET, 0


@njit(types.void(_WORDS, _WORDS, _BITS), cache=True, nogil=True)
def condense(signature: Words, keys: Words, sketch: Bits) -> None:
    """Reduce a signature to a key for each band, and to a sketch of the lowest bit of each value."""
    rows = signature.size // keys.size
    for band in range(keys.size):
        key = np.uint32(band)
        for value in signature[band * rows : (band + 1) * rows]:
            key = mix(np.uint32((key ^ value) * _GOLDEN))
        keys[band] = key
    sketch[:] = 0
    for turn in range(signature.size):
        sketch[turn >> 6] |= np.uint64(signature[turn] & np.uint32(1)) << np.uint64(turn & 63)


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
    types.int64(_WORDS, _BITS, types.int64, _TABLE, _TABLE, _TABLE, _BIT_TABLE, types.int64[::1]),
    cache=True,
    nogil=True,
)
def search(
    key: Words,
    sketch: Bits,
    most_apart: int,
    keys: Words,
    links: Words,
    heads: Words,
    sketches: Bits,
    found: Rows,
) -> int:
    """Collect the rows that share a band with a key and whose sketch differs in few enough bits; returns how many.

    More than `found` can hold are counted, not kept.
    """
    count = 0
    for band in range(key.size):
        row = np.int64(heads[band, slot(key[band], heads.shape[1])]) - 1
        while row >= 0:
            if keys[row, band] == key[band]:
                apart = np.uint64(0)
                for word in range(sketch.size):
                    apart += ones(sketch[word] ^ sketches[row, word])
                if apart <= most_apart:
                    known = False
                    for earlier in range(min(count, found.size)):
                        known = known or found[earlier] == row
                    if not known:
                        if count < found.size:
                            found[count] = row
                        count += 1
            row = np.int64(links[row, band]) - 1
    return count
