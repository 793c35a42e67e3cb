"""HAVE WE SEEN it? The same judgement over texts that are all there at once, whichever way their pairs were found."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tdcrawl.dedup.judge import Text, best_first, compare
from tdcrawl.likeness import Likeness, Match


@dataclass(slots=True)
class Sorted:
    """Hold what is kept, what each duplicate repeats, and which kept ones contrast: smaller id, larger id, score."""

    kept: set[str] = field(default_factory=set)
    duplicates: dict[str, Match] = field(default_factory=dict)
    contrasts: set[tuple[str, str, float]] = field(default_factory=set)

    def take(self, item_id: str, alike: Iterable[Match]) -> bool:
        """Take the best of the texts that are left, given what it is to those kept so far; says whether it is kept."""
        matches = list(alike)
        copies = [match for match in matches if match.likeness is not Likeness.CONTRAST]
        if copies:
            self.duplicates[item_id] = min(copies, key=best_first)
            return False
        self.kept.add(item_id)
        for match in matches:
            first, second = sorted((item_id, match.record_id))
            self.contrasts.add((first, second, match.score))
        return True


def sort_out(texts: Mapping[str, Text], pairs: Iterable[tuple[str, str]], threshold: float) -> Sorted:
    """Keep each text for which no better copy is kept; `pairs` are the ids of those that may resemble each other.

    Gives what the records are if the texts are placed one by one, in any order (store/placement.py).
    """
    matches = _matches(texts, pairs, threshold)
    result = Sorted()
    for item_id in sorted(texts, key=lambda one: texts[one].rank):
        result.take(item_id, (match for match in matches[item_id] if match.record_id in result.kept))
    return result


def _matches(
    texts: Mapping[str, Text], pairs: Iterable[tuple[str, str]], threshold: float
) -> defaultdict[str, list[Match]]:
    matches: defaultdict[str, list[Match]] = defaultdict(list)
    for one, other in {(min(pair), max(pair)) for pair in pairs}:
        match = compare(texts[one], texts[other], threshold)
        if match is not None:
            matches[one].append(match)
            matches[other].append(Match(one, match.likeness, match.score))
    return matches
