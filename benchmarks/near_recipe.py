"""Find near-duplicates as the reference recipe does: a hash, then MinHash LSH whose hits are believed."""

from pathlib import Path

from datasketch import MinHashLSH

from benchmarks.near_way import Way
from benchmarks.recipe import hash_text, sign


class Recipe(Way):
    """Look a text up by its SHA-256, then in `MinHashLSH(threshold=0.8)` without checking the candidates."""

    def __init__(self, folder: Path) -> None:
        self._hashes: dict[str, str] = {}
        self._lsh = MinHashLSH(threshold=0.8, num_perm=128)

    def offer(self, record_id: str, text: str, rating: int) -> str | None:
        """Decide on a review, whatever its rating."""
        content_hash = hash_text(text)
        if content_hash in self._hashes:
            return self._hashes[content_hash]
        signature = sign(text)
        for candidate in self._lsh.query(signature):
            return str(candidate)
        self._lsh.insert(record_id, signature)
        self._hashes[content_hash] = record_id
        return None
