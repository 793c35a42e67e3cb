"""HAVE WE SEEN it? What two texts are to each other, and which of them stays."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import regex

from tdcrawl import text
from tdcrawl.likeness import Judgement, Likeness, Match

# Words that turn a sentence into its opposite, as they stand in a normalised text, where an apostrophe is a space.
_NEGATION = regex.compile(
    r"\b(?:not|no|never|none|nobody|nothing|nowhere|neither|nor|cannot|without|hardly|barely|scarcely|"
    r"(?:ai|are|ca|could|did|does|do|had|has|have|is|might|must|need|should|was|were|wo|would)n(?: ?t)?\b|"
    r"can t|cant|wont|dont|"
    r"nicht|nichts|nie|niemals|kein\w*|ohne|weder|pas|jamais|aucun\w*|sans|ni|rien|"
    r"nunca|jamás|nada|sin|ningun\w*|tampoco|não|nem|sem|non|mai|senza|nessun\w*|"
    r"niet|nooit|geen|zonder|inte|aldrig|ingen|ikke|ei|nie|bez|żaden|не|нет|без|никогда)\b"
)
Rank = tuple[object, ...]
"""Which of two copies is better: the one whose rank is the smaller. No two items have the same."""


@dataclass(frozen=True, slots=True)
class Text:
    """Hold what is judged of an item: its normalised text, its label by the rule, and its rank."""

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
    text negates what the other does not: a classifier needs both.
    """
    if newcomer.normalised == record.normalised:
        return Match(record.item_id, Likeness.EXACT, 1.0)
    score = text.jaccard(text.tokens(newcomer.normalised), text.tokens(record.normalised))
    if score < threshold:
        return None
    alike = newcomer.label == record.label and negations(newcomer.normalised) == negations(record.normalised)
    return Match(record.item_id, Likeness.NEAR if alike else Likeness.CONTRAST, score)


def negations(normalised: str) -> Counter[str]:
    """Count the words of a normalised text that negate: English, and the commonest of other European languages."""
    return Counter(_NEGATION.findall(normalised))
