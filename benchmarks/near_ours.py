"""Find near-duplicates with the index that the stages use, and the texts in a database behind it."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.corpus import Review
from benchmarks.near_truth import THRESHOLD
from benchmarks.near_way import Way
from tdcrawl.dedup import near
from tdcrawl.dedup.index import TextIndex
from tdcrawl.dedup.judge import Text, compare
from tdcrawl.likeness import Likeness
from tdcrawl.text import normalise


class Ours(Way):
    """Ask the index, read the texts that may be similar, and let the judgement of the stages decide.

    As the other ways do, it keeps whichever copy came first: which copy is the better one is not measured here.
    """

    def __init__(self, folder: Path) -> None:
        self._index = TextIndex(THRESHOLD)
        self._database = sqlite3.connect(folder / "texts.db")
        self._database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
        self._database.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, words TEXT, label TEXT)")

    def offer(self, record_id: str, text: str, rating: int) -> str | None:
        """Decide on a review."""
        return self.offer_many([Review(record_id, text, rating)])[0]

    def offer_many(self, reviews: Sequence[Review]) -> list[str | None]:
        """Decide on reviews in their order."""
        ids = [f"{int(review.record_id[1:]):032x}" for review in reviews]
        normalised = [normalise(review.text) for review in reviews]
        similar = defaultdict[int, list[str]](list)
        for place, item_id in self._index.stream(ids, near.sign_all(normalised)):
            similar[place].append(item_id)
        known = self._stored({item_id for found in similar.values() for item_id in found})
        repeated: dict[str, str] = {}
        for place, review in enumerate(reviews):
            text = Text(ids[place], normalised[place], review.label, ())
            matched = _repeated(text, similar[place], known) if place in similar else None
            if matched is None:
                known[text.item_id] = text
            else:
                repeated[text.item_id] = matched
        self._index.settle_all(ids, rejected=repeated.keys())
        self._keep([known[item_id] for item_id in ids if item_id not in repeated])
        return [_named(repeated.get(item_id)) for item_id in ids]

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _keep(self, texts: list[Text]) -> None:
        rows = ((int(text.item_id, 16), text.normalised, text.label) for text in texts)
        with self._database:
            self._database.executemany("INSERT INTO texts VALUES (?, ?, ?)", rows)

    def _stored(self, ids: Iterable[str]) -> dict[str, Text]:
        numbers = ", ".join(str(int(item_id, 16)) for item_id in ids)
        rows = self._database.execute(f"SELECT id, words, label FROM texts WHERE id IN ({numbers})")  # noqa: S608
        texts = (Text(f"{number:032x}", words, label, ()) for number, words, label in rows)
        return {text.item_id: text for text in texts}


def _repeated(text: Text, similar: list[str], known: Mapping[str, Text]) -> str | None:
    for item_id in similar:
        match = compare(text, known[item_id], THRESHOLD) if item_id in known else None
        if match and match.likeness is not Likeness.CONTRAST:
            return item_id
    return None


def _named(item_id: str | None) -> str | None:
    return None if item_id is None else f"R{int(item_id, 16)}"
