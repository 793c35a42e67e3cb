"""Invent reviews and copy them: word for word, edited to a given similarity, or turned into the opposite."""

import random
from collections.abc import Collection, Iterator
from itertools import accumulate, zip_longest

from benchmarks.reviews import invent_words, prose
from tdcrawl.dedup.judge import negations

SHORTEST, LONGEST = 50, 200
NEGATIONS = ("not", "never")
# More reviews, and longer ones, know more words than those of reviews.py. With this many, so distributed, two texts
# still have a ninth of their words in common (Jaccard 0.11), as theirs do.
_WORDS = 50_000
_WEIGHTS = list(accumulate((rank + 7) ** -1.18 for rank in range(_WORDS)))
# As common as in English: a third of the texts hold it.
_RANK_OF_NOT = 40
# More than there are invented words that negate.
_SPARE = 50
_STARS = {5: 46, 4: 24, 3: 15, 2: 7, 1: 8}


class Author:
    """Write reviews of 50 to 200 words, and copies of them, by the dice of one random generator."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        # Without those that would mean "not" to whoever reads languages.
        words = [word for word in invent_words(chance, _WORDS + _SPARE) if not negations(word)][:_WORDS]
        self._vocabulary = [*words[:_RANK_OF_NOT], "not", *words[_RANK_OF_NOT:]][:_WORDS]

    def review(self) -> tuple[str, int]:
        """Write a text and rate it (1-5)."""
        rating = self._chance.choices(list(_STARS), list(_STARS.values()))[0]
        return prose(self._words(self._chance.randint(SHORTEST, LONGEST))), rating

    def near_copy(self, text: str, wanted: float) -> tuple[str, float]:
        """Edit a text to a Jaccard similarity of the word sets (0.5-1); gives the copy and its exact similarity.

        Some words are replaced, and some deleted or inserted, in changing shares; only replaced where the copy would
        become too short or too long. Negations stay as they are: such a copy means what the original means.
        """
        words = text.split()
        different = len(set(map(_plain, words)))
        for gone, new in self._plans(different, wanted):
            edited = self._edit(words, gone, new)
            if SHORTEST <= len(edited) <= LONGEST:
                break
        return " ".join(edited), (different - gone) / (different + new)

    def exact_copy(self, text: str) -> str:
        """Copy a text; half of the copies have other case and punctuation."""
        return self._chance.choice((text, text, text.upper().replace(".", "!"), text.lower().replace(".", "...")))

    def negated(self, text: str) -> str:
        """Copy a text with a negation in it that it did not have."""
        words = text.split()
        known = set(map(_plain, words))
        negation = self._chance.choice([negation for negation in NEGATIONS if negation not in known])
        words.insert(self._chance.randint(0, len(words)), negation)
        return " ".join(words)

    def one_word_off(self, text: str) -> str:
        """Copy a text with another word in one place."""
        words = text.split()
        place = self._chance.choice([place for place, word in enumerate(words) if _plain(word) not in NEGATIONS])
        words[place] = self._unknown(1, set(map(_plain, words)))[0]
        return " ".join(words)

    def _plans(self, different: int, wanted: float) -> Iterator[tuple[int, int]]:
        """Plan how many different words go and how many come: (different - gone) / (different + new) as wanted."""
        gone = self._chance.randint(0, round(different * (1 - wanted)))
        yield gone, max(0, round((different - gone) / wanted) - different)
        replaced = round(different * (1 - wanted) / (1 + wanted))
        yield replaced, replaced

    def _edit(self, words: list[str], gone: int, new: int) -> list[str]:
        if not gone and not new:
            # The same set of words, and yet no exact copy: in another order.
            return [*words[1:], words[0]]
        plain = [_plain(word) for word in words]
        known = dict.fromkeys(plain)
        fresh = self._unknown(new, known)
        leaving = self._chance.sample([word for word in known if word not in NEGATIONS], gone)
        # Those that leave without another in their place are deleted.
        swapped = dict(zip_longest(leaving, fresh[:gone]))
        edited = [kept for word, bare in zip(words, plain, strict=True) if (kept := swapped.get(bare, word))]
        for word in fresh[gone:]:
            edited.insert(self._chance.randint(0, len(edited)), word)
        return edited

    def _words(self, count: int) -> list[str]:
        return self._chance.choices(self._vocabulary, cum_weights=_WEIGHTS, k=count)

    def _unknown(self, count: int, known: Collection[str]) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < count:
            drawn = self._words(2 * count)
            found.update(dict.fromkeys(word for word in drawn if word not in known and word not in NEGATIONS))
        return list(found)[:count]


def _plain(word: str) -> str:
    return word.rstrip(".").lower()
