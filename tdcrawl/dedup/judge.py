"""HAVE WE SEEN it? What two texts are to each other, and which of them stays."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from tdcrawl import text
from tdcrawl.likeness import Judgement, Likeness, Match

_NEGATIONS = frozenset(
    word
    for words in tomllib.loads(resources.files(__package__).joinpath("negations.toml").read_text("utf-8")).values()
    for word in words
)
# Their first halves are words of another meaning too, so the two are joined before words are looked up.
_SPLIT = ((" can t ", " cant "), (" won t ", " wont "))
Rank = tuple[object, ...]
"""Which of two copies is better: the one whose rank is the smaller. No two items have the same."""


@dataclass(frozen=True, slots=True)
class Text:
    """Hold what is judged of an item: its normalised text, its label by the rule (or none: empty), and its rank."""

    item_id: str
    normalised: str
    label: str
    rank: Rank


def judge(newcomer: Text, records: Iterable[Text], threshold: float) -> Judgement:
    """Compare a newcomer with records; the most similar come first, and among equals the one with the smaller id."""
    judgement = Judgement()
    for record in records:
        match = compare(newcomer, record, threshold)
        if match is None:
            continue
        if match.likeness is Likeness.CONTRAST:
            judgement.contrasts.append(match)
        else:
            (judgement.better if record.rank < newcomer.rank else judgement.worse).append(match)
    for matches in (judgement.better, judgement.worse, judgement.contrasts):
        matches.sort(key=best_first)
    return judgement


def best_first(match: Match) -> tuple[bool, float, str]:
    """Give the key by which matches are sorted: exact ones first, then by score, then by id."""
    return match.likeness is not Likeness.EXACT, -match.score, match.record_id


def compare(newcomer: Text, record: Text, threshold: float) -> Match | None:
    """Say what a record is to a newcomer; None where the Jaccard similarity of their tokens is below the threshold.

    The same words are a copy whatever the label. Nearly the same words contrast where the labels differ, or where one
    text negates what the other does not: a classifier needs both. One that the rule cannot label differs from none.
    """
    if newcomer.normalised == record.normalised:
        return Match(record.item_id, Likeness.EXACT, 1.0)
    score = text.jaccard(text.tokens(newcomer.normalised), text.tokens(record.normalised))
    if score < threshold:
        return None
    differ = newcomer.label and record.label and newcomer.label != record.label
    alike = not differ and negations(newcomer.normalised) == negations(record.normalised)
    return Match(record.item_id, Likeness.NEAR if alike else Likeness.CONTRAST, score)


def negations(normalised: str) -> list[str]:
    """List the words of a normalised text that negate, sorted: English, and the commonest of European languages."""
    if " t " in f"{normalised} ":
        normalised = f" {normalised} "
        for parted, joined in _SPLIT:
            normalised = normalised.replace(parted, joined)
    words = normalised.split()
    return [] if _NEGATIONS.isdisjoint(words) else sorted(word for word in words if word in _NEGATIONS)
