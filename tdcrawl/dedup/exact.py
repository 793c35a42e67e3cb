"""HAVE WE SEEN these words? One record for each content hash."""


class ExactIndex:
    """Know which record holds a content hash, and which unfinished item has claimed one."""

    def __init__(self) -> None:
        self._records: dict[bytes, str] = {}
        self._claims: dict[bytes, str] = {}

    def add(self, content_hash: str, record_id: str) -> None:
        """Note that a record holds a content hash (64 hexadecimal digits)."""
        self._records[bytes.fromhex(content_hash)] = record_id

    def record_of(self, content_hash: str) -> str | None:
        """Find the record that holds a content hash."""
        return self._records.get(bytes.fromhex(content_hash))

    def claim(self, content_hash: str, item_id: str) -> str | None:
        """Claim a content hash for an item, unless a record holds it; returns the unfinished item that came first."""
        key = bytes.fromhex(content_hash)
        if key in self._records:
            return None
        holder = self._claims.setdefault(key, item_id)
        return None if holder == item_id else holder

    def settle(self, content_hash: str, item_id: str, accepted: bool) -> None:
        """Turn an item's claim into a record, or give it up."""
        if self._claims.pop(bytes.fromhex(content_hash), None) is not None and accepted:
            self.add(content_hash, item_id)
