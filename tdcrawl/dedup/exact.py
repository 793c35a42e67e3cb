"""HAVE WE SEEN these words? Which unfinished item was the first to have them."""


class Claims:
    """Let one unfinished item at a time hold a content hash; records hold theirs in the database."""

    def __init__(self) -> None:
        self._holders: dict[str, str] = {}

    def claim(self, content_hash: str, item_id: str) -> str | None:
        """Claim a content hash for an item; returns the unfinished item that holds it, None where it is ours now."""
        holder = self._holders.setdefault(content_hash, item_id)
        return None if holder == item_id else holder

    def release(self, content_hash: str, item_id: str) -> None:
        """Give up what an item claims."""
        if self._holders.get(content_hash) == item_id:
            del self._holders[content_hash]
