"""Invent a corpus of which is known what repeats what: near-copies, exact copies, and pairs that mean the opposite."""

import json
import random
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks import machine
from benchmarks.copies import Author

# A hundredth are contrast pairs, and there must be one.
FEWEST = 100
_SEED = 71_803


class Review(NamedTuple):
    """Hold a review as it arrives; `rating` is 1-5."""

    record_id: str
    text: str
    rating: int

    @property
    def label(self) -> str:
        """Derive the label as the record type `review` does."""
        if self.rating >= 4:
            return "positive"
        return "negative" if self.rating <= 2 else "neutral"


class Copy(NamedTuple):
    """Say which review copies which, by their places in the corpus, and the exact Jaccard of their word sets.

    Either may arrive first. `similarity` is None where nothing was aimed at.
    """

    place: int
    original: int
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Hold reviews in the order of their arrival, and which of them were made from which."""

    reviews: list[Review]
    near: list[Copy]
    exact: list[Copy]
    contrast: list[Copy]


def corpus_options(parser: ArgumentParser, default: int, what: str) -> Namespace:
    """Read the command line of a benchmark that invents a corpus, with --records: how many of `what`."""
    parser.add_argument("--records", type=machine.positive, default=default, help=f"{what}, {FEWEST} or more")
    options = parser.parse_args()
    if options.records < FEWEST:
        parser.error(f"--records must be {FEWEST} or more")
    return options


def invent_corpus(number: int) -> Corpus:
    """Invent reviews, the same ones in every run: a fifth near-copies, a tenth exact ones, a hundredth contrasts.

    The similarity of the near-copies to what they copy is spread evenly over 0.5-1. A contrast is a copy with a
    negation more and the same rating, or with another word in one place and the opposite rating; what it copies is
    copied by nothing else, so that nothing but the pair itself decides whether both are kept.
    """
    chance = random.Random(_SEED)  # noqa: S311 - nothing here is secret
    author = Author(chance)
    near, exact, contrast = number // 5, number // 10, number // 100
    written = [author.review() for _ in range(number - near - exact - contrast)]
    copied = [chance.randrange(contrast, len(written)) for _ in range(near + exact)]
    edits = [_near_copy(chance, author, *written[original]) for original in copied[:near]]
    copies = [(author.exact_copy(written[original][0]), written[original][1]) for original in copied[near:]]
    opposites = [_opposite(author, turn, *written[turn]) for turn in range(contrast)]
    places = chance.sample(range(number), number)
    sources = [*copied, *range(contrast)]
    made = [Copy(places[len(written) + turn], places[original]) for turn, original in enumerate(sources)]
    return Corpus(
        _arrange([*written, *(edited[:2] for edited in edits), *copies, *opposites], places),
        [copy._replace(similarity=edited[2]) for copy, edited in zip(made, edits, strict=False)],
        made[near : near + exact],
        made[near + exact :],
    )


def write_reviews(path: Path, reviews: Iterable[Review]) -> None:
    """Write reviews to a file, a line of JSON each."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(review) + "\n" for review in reviews)


def read_reviews(lines: Iterable[bytes]) -> list[Review]:
    """Read lines that were written by `write_reviews`."""
    return [Review(*json.loads(line)) for line in lines]


def _near_copy(chance: random.Random, author: Author, text: str, rating: int) -> tuple[str, int, float]:
    edited, similarity = author.near_copy(text, chance.uniform(0.5, 1))
    return edited, rating, similarity


def _opposite(author: Author, turn: int, text: str, rating: int) -> tuple[str, int]:
    # A middling rating has no opposite.
    if turn % 2 and rating != 3:
        return author.one_word_off(text), 6 - rating
    return author.negated(text), rating


def _arrange(written: list[tuple[str, int]], places: list[int]) -> list[Review]:
    arrived = sorted(zip(places, written, strict=True))
    return [Review(f"R{place}", text, rating) for place, (text, rating) in arrived]
