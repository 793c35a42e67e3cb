"""Follow the reference recipe: validate, compare and store reviews one at a time, as most projects begin."""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from datasketch import MinHash, MinHashLSH
from pydantic import BaseModel, Field, ValidationError, computed_field, field_validator

_COLUMNS = "review_id, product_id, text, rating, label, source, scraped_at, word_count, content_hash"


class _Review(BaseModel):
    review_id: str
    product_id: str
    text: str
    rating: int = Field(ge=1, le=5)
    source: str
    scraped_at: datetime

    @field_validator("text")
    @classmethod
    def _is_substantial(cls, text: str) -> str:
        if len(text.split()) < 10:
            raise ValueError("too short")
        return text

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented use
    @property
    def label(self) -> Literal["positive", "neutral", "negative"]:
        """Derive the label from the rating."""
        if self.rating >= 4:
            return "positive"
        return "negative" if self.rating <= 2 else "neutral"

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented use
    @property
    def word_count(self) -> int:
        """Count the words by white space."""
        return len(self.text.split())


def follow_recipe(reviews: Iterable[Mapping[str, str]], database: Path) -> int:
    """Take reviews to a SQLite file as the recipe says; gives the number of records that were kept.

    The file is set as the ledger's is (WAL, synchronous NORMAL) and the hash has an index, though no recipe says so.
    """
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"CREATE TABLE reviews ({_COLUMNS})")
    connection.execute("CREATE UNIQUE INDEX by_hash ON reviews (content_hash)")
    lsh = MinHashLSH(threshold=0.8, num_perm=128)
    kept = sum(_keep(raw, connection, lsh) for raw in reviews)
    connection.close()
    return kept


def hash_text(text: str) -> str:
    """Hash a text as the recipe does: SHA-256 of the lower-cased text."""
    return hashlib.sha256(text.lower().strip().encode()).hexdigest()


def sign(text: str) -> MinHash:
    """Sign a text as the recipe does, word by word."""
    signature = MinHash(num_perm=128)
    for word in text.lower().split():
        signature.update(word.encode())
    return signature


def _keep(raw: Mapping[str, str], connection: sqlite3.Connection, lsh: MinHashLSH) -> bool:
    try:
        review = _Review.model_validate({**raw, "source": "shop", "scraped_at": datetime.now(UTC)})
    except ValidationError:
        return False
    content_hash = hash_text(review.text)
    if connection.execute("SELECT review_id FROM reviews WHERE content_hash = ?", [content_hash]).fetchone():
        return False
    signature = sign(review.text)
    if lsh.query(signature):
        return False
    lsh.insert(review.review_id, signature)
    row = {**review.model_dump(mode="json"), "content_hash": content_hash}
    places = ", ".join(f":{name.strip()}" for name in _COLUMNS.split(","))
    connection.execute(f"INSERT INTO reviews ({_COLUMNS}) VALUES ({places})", row)  # noqa: S608 - our own names
    connection.commit()
    return True
