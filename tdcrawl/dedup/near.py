"""HAVE WE SEEN nearly these words? The MinHash signature of a text: datasketch defines it, kernels.py computes it.

datasketch is imported where it is asked (`is_exact`): a crawl would load SciPy with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tdcrawl import text
from tdcrawl.dedup import kernels
from tdcrawl.dedup.kernels import Bits, Bytes, Words

if TYPE_CHECKING:
    from datasketch import MinHash

# 26 bands of 7 rows find 99.8 % of the pairs at Jaccard 0.8, and in a million reviews give 17 false candidates where
# 21 bands of 6 give 119. docs/decisions/0001-near-duplicates.md has the curves.
BANDS, ROWS = 26, 7
PERMUTATIONS = BANDS * ROWS
SKETCH_WORDS = -(-PERMUTATIONS // 64)
SIGNATURE_BYTES = 4 * BANDS + 8 * SKETCH_WORDS
_SEED = 1
SCHEME = f"affine32 seed {_SEED}, {PERMUTATIONS} permutations, {BANDS} x {ROWS}, tokens {text.TOKENS_VERSION}"
"""What a stored signature depends on; signatures of different schemes cannot be compared."""
# A pair at the threshold is missed by its sketch as rarely as a normal variable strays so many deviations.
_DEVIATIONS = 6.0


@dataclass(frozen=True, slots=True)
class Signature:
    """Hold what is compared of a text: a key for each band, and the lowest bit of each MinHash value."""

    keys: Words
    sketch: Bits


@dataclass(frozen=True, slots=True)
class Signatures:
    """Hold the signatures of several texts: arrays of (texts, bands) and (texts, words of a sketch)."""

    keys: Words
    sketches: Bits

    def __iter__(self) -> Iterator[Signature]:
        return map(Signature, self.keys, self.sketches)

    def packed(self) -> bytes:
        """Write them one after another, SIGNATURE_BYTES each, for this machine."""
        return np.hstack([self.keys, self.sketches.view(np.uint32)]).tobytes()

    @classmethod
    def unpacked(cls, some: bytes, wanted: npt.NDArray[np.bool_]) -> "Signatures":
        """Read what was packed, but only what is wanted of it."""
        table = np.frombuffer(some, np.uint32).reshape(len(wanted), -1)[wanted]
        return cls(np.ascontiguousarray(table[:, :BANDS]), np.ascontiguousarray(table[:, BANDS:]).view(np.uint64))


# As datasketch draws them for its scheme affine32; NumPy promises to draw the same ones for ever.
_RANDOM = np.random.RandomState(_SEED)
_MULTIPLIERS = _RANDOM.randint(0, 2**31, PERMUTATIONS, np.uint32) * np.uint32(2) + np.uint32(1)
_INCREMENTS = _RANDOM.randint(0, 2**32, PERMUTATIONS, np.uint32)


def minima(normalised: Sequence[str]) -> Words:
    """Compute the MinHash values of normalised texts: (texts, 182) uint32, those of `minhash()` with their tokens."""
    values = np.empty((len(normalised), PERMUTATIONS), np.uint32)
    kernels.minima(_lines(normalised), _MULTIPLIERS, _INCREMENTS, values)
    return values


def sign_all(normalised: Sequence[str]) -> Signatures:
    """Sign normalised texts."""
    signatures = Signatures(
        np.empty((len(normalised), BANDS), np.uint32), np.empty((len(normalised), SKETCH_WORDS), np.uint64)
    )
    kernels.condense(minima(normalised), signatures.keys, signatures.sketches)
    return signatures


def sign(normalised: str) -> Signature:
    """Sign a normalised text."""
    values, keys = np.empty((1, PERMUTATIONS), np.uint32), np.empty((1, BANDS), np.uint32)
    sketches = np.empty((1, SKETCH_WORDS), np.uint64)
    kernels.sign(_lines([normalised]), _MULTIPLIERS, _INCREMENTS, values, keys, sketches)
    return Signature(keys[0], sketches[0])


def _lines(normalised: Sequence[str]) -> Bytes:
    return np.frombuffer("\n".join(map(text.token_text, normalised)).encode(), np.uint8)


def minhash() -> "MinHash":
    """Build the datasketch MinHash that defines our signatures, without any token yet."""
    from datasketch import MinHash  # noqa: PLC0415 - forty megabytes, which no crawl needs

    return MinHash(num_perm=PERMUTATIONS, seed=_SEED, hashfunc=token_hash, scheme="affine32")


def token_hash(token: bytes) -> int:
    """Hash a token of UTF-8: FNV-1a of 64 bits, folded to 32."""
    hashed = 0xCBF29CE484222325
    for byte in token:
        hashed = (hashed ^ byte) * 0x100000001B3 % 2**64
    return (hashed ^ hashed >> 32) % 2**32


def is_exact(normalised: str) -> bool:
    """Say whether the loops that were compiled here give the values of a normalised text that datasketch defines."""
    defined = minhash()
    defined.update_batch([token.encode() for token in text.tokens(normalised) if token])
    return bool((minima([normalised])[0] == defined.hashvalues).all())


def most_bits_apart(threshold: float) -> int:
    """Bound by how many bits the sketches of two texts at a threshold (Jaccard, 0-1) differ.

    A bit differs with the chance (1 - J) / 2: unequal minima have equal lowest bits half of the time.
    """
    chance = (1 - threshold) / 2
    return round(PERMUTATIONS * chance + _DEVIATIONS * sqrt(PERMUTATIONS * chance * (1 - chance)))
