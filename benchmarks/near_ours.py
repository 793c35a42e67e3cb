"""Find near-duplicates with the index that the stages use; the texts lie on the disk, as in a crawl in the database."""

import os
from array import array
from collections import defaultdict
from collections.abc import Sequence
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
        self._texts = _Texts(folder / "texts")

    def offer(self, record_id: str, text: str, rating: int) -> str | None:
        """Decide on a review."""
        return self.offer_many([Review(record_id, text, rating)])[0]

    def offer_many(self, reviews: Sequence[Review]) -> list[str | None]:
        """Decide on reviews in their order."""
        numbers = [int(review.record_id[1:]) for review in reviews]
        ids = [f"{number:032x}" for number in numbers]
        normalised = [normalise(review.text) for review in reviews]
        similar = defaultdict[int, list[int]](list)
        for place, item_id in self._index.stream(ids, near.sign_all(normalised)):
            similar[place].append(int(item_id, 16))
        answers: list[str | None] = []
        for place, review in enumerate(reviews):
            matched = self._repeated(review, normalised[place], similar[place]) if place in similar else None
            answers.append(None if matched is None else f"R{matched}")
            if matched is None:
                self._texts.add(numbers[place], normalised[place], review.label)
        rejected = {item_id for item_id, answer in zip(ids, answers, strict=True) if answer}
        self._index.settle_all(ids, rejected)
        return answers

    def close(self) -> None:
        """Close the file of texts."""
        self._texts.close()

    def _repeated(self, review: Review, normalised: str, similar: list[int]) -> int | None:
        text = Text(review.record_id, normalised, review.label, ())
        for number in similar:
            other = self._texts.get(number)
            match = other and compare(text, other, THRESHOLD)
            if match and match.likeness is not Likeness.CONTRAST:
                return number
        return None


class _Texts:
    """Append texts to a file; in memory there is only where each begins, and how many bytes it has."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b", buffering=1 << 20)
        self._end = self._flushed = 0
        self._places = array("Q")

    def add(self, number: int, normalised: str, label: str) -> None:
        """Keep a text and its label under a number."""
        line = f"{label} {normalised}".encode()
        self._places.extend([0] * (number + 1 - len(self._places)))
        self._places[number] = self._end << 24 | len(line)
        self._file.write(line)
        self._end += len(line)

    def get(self, number: int) -> Text | None:
        """Read a text; None where none was kept under the number."""
        place = self._places[number] if number < len(self._places) else 0
        if not place:
            return None
        if place >> 24 >= self._flushed:
            self._file.flush()
            self._flushed = self._end
        line = os.pread(self._file.fileno(), place & 0xFFFFFF, place >> 24)
        label, _, normalised = line.decode().partition(" ")
        return Text(str(number), normalised, label, ())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
