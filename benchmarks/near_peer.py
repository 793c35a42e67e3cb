"""Find near-duplicates with rensa, the fastest MinHash library seen, used as well as we can."""

import hashlib
from pathlib import Path

from rensa import RMinHash, RMinHashLSH

from benchmarks.near_truth import THRESHOLD
from benchmarks.near_way import Way
from tdcrawl.text import jaccard, normalise, tokens

_PERMUTATIONS, _BANDS = 128, 16
_SEED = 42


class Peer(Way):
    """Look a text up by its hash, then in R-MinHash LSH; each candidate is verified by exact Jaccard.

    Its words are ours (`tdcrawl.text`), so that the indexes are compared and not the ways of splitting a text.
    """

    def __init__(self, folder: Path) -> None:
        self._hashes: dict[bytes, str] = {}
        self._lsh = RMinHashLSH(threshold=THRESHOLD, num_perm=_PERMUTATIONS, num_bands=_BANDS)
        # A set of words takes more than ten times the memory of its text, and few candidates ever ask for theirs.
        self._kept: list[tuple[str, str]] = []

    def offer(self, record_id: str, text: str, rating: int) -> str | None:
        """Decide on a review, whatever its rating."""
        normalised = normalise(text)
        content_hash = hashlib.sha256(normalised.encode()).digest()
        if content_hash in self._hashes:
            return self._hashes[content_hash]
        words = tokens(normalised)
        signature = RMinHash(num_perm=_PERMUTATIONS, seed=_SEED)
        signature.update(list(words))
        matched = self._verified(words, self._lsh.query(signature))
        if matched is None:
            self._lsh.insert(len(self._kept), signature)
            self._hashes[content_hash] = record_id
            self._kept.append((record_id, normalised))
        return matched

    def _verified(self, words: frozenset[str], candidates: list[int]) -> str | None:
        for candidate in candidates:
            record_id, normalised = self._kept[candidate]
            if jaccard(words, tokens(normalised)) >= THRESHOLD:
                return record_id
        return None
