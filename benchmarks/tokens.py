"""Measure what short copies are found by: sets of words, or shingles of characters."""

import random
import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.reviews import invent_reviews
from tdcrawl.text import jaccard, normalise, tokens

_TEXTS = 400
_LENGTHS = ((10, 15), (16, 25), (50, 80))
_SEED = 3

Tokens = Callable[[str], frozenset[str]]
Edit = Callable[[str], str]


def main() -> None:
    """Edit invented reviews and print which share of the copies each kind of token finds."""
    options = machine.parser("Share of edited copies found, by length of text and kind of token.").parse_args()
    chance = random.Random(_SEED)  # noqa: S311 - nothing here is secret
    texts = [normalise(review["text"]) for review in invent_reviews(20 * _TEXTS)]
    figures = {}
    for shortest, longest in _LENGTHS:
        some = _cut(texts, shortest, longest, chance)[:_TEXTS]
        figures[f"{shortest}-{longest} words"] = {
            kind: _found(some, split, threshold, _edits(chance)) for kind, split, threshold in _kinds()
        }
    lines = (
        f"{length}, {kind}: {_listed(found)}" for length, kinds in figures.items() for kind, found in kinds.items()
    )
    machine.report(f"Copies found, of {_TEXTS} texts of each length", figures, lines, as_json=options.json)


def _cut(texts: list[str], shortest: int, longest: int, chance: random.Random) -> list[str]:
    cut = (text.split()[: chance.randint(shortest, longest)] for text in texts)
    return [" ".join(words) for words in cut if len(words) >= shortest]


def _kinds() -> Iterator[tuple[str, Tokens, float]]:
    yield "words at 0.8", tokens, 0.8
    yield "3-shingles at 0.8", _shingles(3), 0.8
    yield "5-shingles at 0.8", _shingles(5), 0.8
    yield "5-shingles at 0.7", _shingles(5), 0.7


def _shingles(size: int) -> Tokens:
    return lambda text: frozenset(text[start : start + size] for start in range(max(1, len(text) - size + 1)))


def _edits(chance: random.Random) -> dict[str, Edit]:
    def typo(text: str) -> str:
        place = chance.randrange(len(text))
        return f"{text[:place]}{chance.choice('abcdefgh')}{text[place + 1 :]}"

    return {
        "a typo": typo,
        "two typos": lambda text: typo(typo(text)),
        "a word more": lambda text: f"{text} honestly",
        "two words more": lambda text: f"update {text} thanks",
        "another word": lambda text: " ".join(
            "somewhat" if place == 3 else word for place, word in enumerate(text.split())
        ),
    }


def _found(texts: list[str], split: Tokens, threshold: float, edits: dict[str, Edit]) -> dict[str, float]:
    sets = [split(text) for text in texts]
    found = {
        name: sum(jaccard(one, split(edit(text))) >= threshold for one, text in zip(sets, texts, strict=True))
        / len(sets)
        for name, edit in edits.items()
    }
    strangers = max(jaccard(one, other) for one, other in combinations(sets[:100], 2))
    return {name: round(share, 3) for name, share in {**found, "nearest strangers": strangers}.items()}


def _listed(found: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.2f}" for name, share in found.items())


if __name__ == "__main__":
    main()
