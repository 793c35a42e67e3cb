"""HAVE WE SEEN nearly these words? MinHash LSH finds candidates, exact Jaccard decides."""

from dataclasses import dataclass
from functools import lru_cache

from datasketch import LeanMinHash, MinHash, MinHashLSH
from datasketch.hashfunc import sha1_hash32

from tdcrawl import text

PERMUTATIONS = 128
# 21 bands of 6 rows find 99.8 % of the pairs at Jaccard 0.8; datasketch's own choice, 9 bands of 13, finds 40 %.
# docs/decisions/0001-near-duplicates.md has the curve.
BANDS, ROWS = 21, 6
_VOCABULARY = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold what is compared of one text, and whose it is."""

    item_id: str
    cluster_id: str
    label: str
    tokens: frozenset[str]
    signature: LeanMinHash


@dataclass(frozen=True, slots=True)
class Match:
    """Name an entry that is similar enough; `score` is the exact Jaccard similarity of the token sets, 0-1."""

    entry: Entry
    score: float


class NearIndex:
    """Find the texts whose Jaccard similarity to a given one reaches a threshold (0-1)."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        # Reviews share their vocabulary: most words were hashed before.
        hash_word = lru_cache(_VOCABULARY)(sha1_hash32)
        self._scratch = MinHash(num_perm=PERMUTATIONS, hashfunc=hash_word)
        self._lsh = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, ROWS))
        self._entries: dict[str, Entry] = {}

    def entry(self, item_id: str, cluster_id: str, label: str, normalised: str) -> Entry:
        """Prepare a normalised text for comparison."""
        tokens = text.tokens(normalised)
        # One MinHash for all: making or copying one costs more than hashing a review.
        self._scratch.clear()
        self._scratch.update_batch([token.encode() for token in tokens])
        return Entry(item_id, cluster_id, label, tokens, LeanMinHash(self._scratch))

    def matches(self, wanted: Entry) -> list[Match]:
        """Find the entries that reach the threshold, the most similar first and, among equals, by id."""
        candidates = (self._entries[item_id] for item_id in self._lsh.query(wanted.signature))
        scored = (Match(entry, text.jaccard(wanted.tokens, entry.tokens)) for entry in candidates)
        return sorted(
            (match for match in scored if match.score >= self._threshold),
            key=lambda match: (-match.score, match.entry.item_id),
        )

    def add(self, entry: Entry) -> None:
        """Make an entry one that others can match."""
        self._lsh.insert(entry.item_id, entry.signature)
        self._entries[entry.item_id] = entry

    def remove(self, item_id: str) -> None:
        """Forget an entry whose item did not become a record."""
        self._lsh.remove(item_id)
        del self._entries[item_id]
