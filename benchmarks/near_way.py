"""Say what a way of finding near-duplicates must offer in order to be measured."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from benchmarks.corpus import Review


class Way(ABC):
    """Decide on reviews one after another, each against those that were kept before it."""

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """Begin with nothing kept; what has to be written goes into an empty folder."""

    @abstractmethod
    def offer(self, record_id: str, text: str, rating: int) -> str | None:
        """Decide on a review; gives the kept one that it duplicates, or None where it is kept."""

    def offer_many(self, reviews: Sequence[Review]) -> list[str | None]:
        """Decide on reviews in their order."""
        return [self.offer(*review) for review in reviews]

    def close(self) -> None:  # noqa: B027 - most have nothing to finish
        """Finish what is under way."""
