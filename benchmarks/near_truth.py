"""Know which reviews are near-duplicates, by comparing each with every other, and judge by it what a way decided."""

import zlib
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import xor

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.copies import NEGATIONS
from benchmarks.corpus import Corpus, Review
from tdcrawl import text

THRESHOLD = 0.8
_BITS = 128

Pair = tuple[int, int]


class Truth:
    """Hold the pairs at or above the threshold, and which of them mean the opposite of each other."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        reviews = corpus.reviews
        pairs = list(similar_pairs([review.text for review in reviews]))
        self._earlier, self._later = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        self._alike = np.array([not _opposite(reviews[one], reviews[other]) for one, other in pairs], dtype=np.bool_)

    def judge(self, decisions: Sequence[str | None]) -> dict[str, float]:
        """Judge what a way decided on each review: the kept one it is said to duplicate, or None where it was kept.

        Recall is of the reviews with an earlier kept one at the threshold that does not mean the opposite, precision of
        those called duplicates; a contrast pair is kept if both are. Each way is measured against what itself had kept:
        what it kept or dropped wrongly decides what is right for the reviews that follow.
        """
        kept = np.array([decision is None for decision in decisions], dtype=np.bool_)
        self._check_matches(decisions, kept)
        called = ~kept
        similar, alike = np.zeros_like(kept), np.zeros_like(kept)
        after_kept = kept[self._earlier]
        similar[self._later[after_kept]] = True
        alike[self._later[after_kept & self._alike]] = True
        both_kept = [kept[pair.place] and kept[pair.original] for pair in self._corpus.contrast]
        return {
            "recall": _share(called[alike]),
            "precision": _share(similar[called]),
            "contrast_pairs_kept": _share(np.array(both_kept, dtype=np.bool_)),
            "kept": float(kept.sum()),
        }

    def _check_matches(self, decisions: Sequence[str | None], kept: NDArray[np.bool_]) -> None:
        places = {review.record_id: place for place, review in enumerate(self._corpus.reviews)}
        for place, matched in enumerate(decisions):
            if matched is not None and not (places[matched] < place and kept[places[matched]]):
                machine.fail(f"R{place} was taken for a duplicate of {matched}, which had not been kept before it")


def similar_pairs(texts: Sequence[str]) -> Iterator[Pair]:
    """Find all pairs whose word sets have a Jaccard similarity of the threshold or more, the earlier of a pair first.

    Exact: every pair is looked at. Two texts of s words in all (counted as sets), d of which are in only one of them,
    are at Jaccard (s-d)/(s+d), so a pair at 0.8 has d <= s/9. A fingerprint has one bit for each remainder of a word's
    hash, set where an odd number of words has it; a word that both texts have changes it in both, so fingerprints
    differ in d bits or fewer. Whoever differs in more is no pair; of the others the word sets are compared.
    """
    sizes, prints = _fingerprints(texts)
    order = np.argsort(sizes, kind="stable")
    for one, candidates in _candidates(sizes[order], prints[order]):
        for other in candidates:
            earlier, later = sorted((int(order[one]), int(order[other])))
            if text.jaccard(_words_of(texts[earlier]), _words_of(texts[later])) >= THRESHOLD:
                yield earlier, later


def _candidates(sizes: NDArray[np.int64], prints: NDArray[np.uint64]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Give for each text those before it in order of size that its fingerprint does not rule out."""
    left, right = np.ascontiguousarray(prints.T)
    # The smaller of a pair at 0.8 has four fifths of the words of the larger, or more.
    first = np.searchsorted(sizes, -(-4 * sizes // 5))
    for one, start in enumerate(first):
        differing = np.bitwise_count(left[start:one] ^ left[one])
        differing += np.bitwise_count(right[start:one] ^ right[one])
        # A plain int: compared with one of numpy's, every count would be widened to 64 bits.
        yield one, np.flatnonzero(differing <= int(2 * sizes[one] // 9)) + start


def _fingerprints(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    bits = _Bits()
    sizes, prints = [], bytearray()
    for bag in map(_words_of, texts):
        sizes.append(len(bag))
        prints += reduce(xor, map(bits.__getitem__, bag), 0).to_bytes(_BITS // 8, "little")
    return np.array(sizes, dtype=np.int64), np.frombuffer(prints, dtype=np.uint64).reshape(-1, _BITS // 64)


class _Bits(dict[str, int]):
    def __missing__(self, word: str) -> int:
        return self.setdefault(word, 1 << zlib.crc32(word.encode()) % _BITS)


def _words_of(one: str) -> frozenset[str]:
    return text.tokens(text.normalise(one))


def _opposite(one: Review, other: Review) -> bool:
    """Tell whether a classifier must see both: another label, or a negation that only one of them has."""
    negations = [_words_of(review.text) & set(NEGATIONS) for review in (one, other)]
    return one.label != other.label or negations[0] != negations[1]


def _share(true: NDArray[np.bool_]) -> float:
    # Whoever calls nothing a duplicate was never wrong in it.
    return float(true.mean()) if true.size else 1.0
