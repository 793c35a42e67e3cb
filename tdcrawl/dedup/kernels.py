"""The inner loops that sign texts and compare sketches, compiled to machine code at first use and kept on disk."""

import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numba import njit, types

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]
Bits = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]

_LINEAR_ALGEBRA = "scipy.linalg.cython_blas"


def _load_numba() -> None:
    """Have numba load what it compiles with, but not SciPy, whose linear algebra no loop here uses.

    Where SciPy is installed, numba would load it to look for that: 17 MiB, and a fifth of a second.
    """
    if _LINEAR_ALGEBRA not in sys.modules:
        sys.modules[_LINEAR_ALGEBRA] = None  # type: ignore[assignment]  # which is how Python is told there is none
        import_module("numba.np.arraymath")
        del sys.modules[_LINEAR_ALGEBRA]


_load_numba()
# What is compiled is kept beside the code. In an egg, as on Scrapyd, it cannot be, which costs each start two seconds.
compiled = partial(njit, cache=Path(__file__).exists())
# Many texts may take long: other threads run meanwhile. What takes a microsecond would wait longer for them to stop.
unlocked = partial(compiled, nogil=True)

_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
WORDS = types.uint32[::1]
TABLE = types.uint32[:, ::1]
READ_TABLE = types.Array(types.uint32, 2, "C", readonly=True)
BIT_TABLE = types.uint64[:, ::1]
BITS = types.uint64[::1]
ROWS = types.int64[::1]
_SPACE, _NEW_LINE = np.uint8(32), np.uint8(10)
_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_GOLDEN = np.uint32(0x9E3779B1)
_MOST = np.uint32(0xFFFFFFFF)


@compiled(types.uint32(types.uint32))
def mix(value: np.uint32) -> np.uint32:
    """Spread a value over all 32 bits: the finalizer of MurmurHash3."""
    # numba widens what it computes with to 64 bits, so each product is cut back.
    value = np.uint32((value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    value = np.uint32((value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    return np.uint32(value ^ (value >> np.uint32(16)))


@unlocked(types.void(_BYTES, WORDS, WORDS, TABLE))
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


@compiled(types.void(TABLE, TABLE, BIT_TABLE))
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


@compiled(types.void(_BYTES, WORDS, WORDS, TABLE, TABLE, BIT_TABLE))
def sign(texts: Bytes, multipliers: Words, increments: Words, signatures: Words, keys: Words, sketches: Bits) -> None:
    """Fill signatures and reduce them, without letting other threads run meanwhile: for a text or two."""
    minima(texts, multipliers, increments, signatures)
    condense(signatures, keys, sketches)


@compiled(types.uint64(types.uint64))
def ones(bits: np.uint64) -> np.uint64:
    """Count the bits that are set."""
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (bits * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled(types.boolean(BITS, BITS, types.int64))
def alike(sketch: Bits, other: Bits, most_apart: int) -> bool:
    """Tell whether two sketches differ in few enough bits."""
    apart = np.uint64(0)
    for word in range(sketch.size):
        apart += ones(sketch[word] ^ other[word])
    return bool(apart <= most_apart)
