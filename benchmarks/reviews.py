"""Invent reviews that cost what real ones cost: as long, as repetitive, as full of digits; no two alike."""

import csv
import random
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path

REVIEWS_A_PAGE = 20
_SEED = 8717
# After 23,000 real reviews of clothes: 60 words on average, 14,000 different ones, few of which make up most of a text
# (two texts share a ninth of their words, as real ones do), and digits in two of five.
_WORDS = 14_000
_MEAN, _SPREAD, _SHORTEST, _LONGEST = 60, 28, 12, 115
_SENTENCE = 12
_DIGITS_A_WORD = 0.008
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeo"]
_STARS = {5: 46, 4: 24, 3: 15, 2: 7, 1: 8}


def invent_reviews(number: int, reviews_a_product: int = REVIEWS_A_PAGE) -> Iterator[dict[str, str]]:
    """Invent reviews, the same ones in every run: review_id, product_id, text, title, rating (1-5), author, date."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing here is secret
    vocabulary = invent_words(chance, _WORDS)
    weights = list(accumulate((rank + 2.7) ** -1.18 for rank in range(len(vocabulary))))

    def words(count: int) -> list[str]:
        return chance.choices(vocabulary, cum_weights=weights, k=count)

    for turn in range(number):
        length = round(min(_LONGEST, max(_SHORTEST, chance.gauss(_MEAN, _SPREAD))))
        yield {
            "review_id": f"R{turn}",
            "product_id": f"P{turn // reviews_a_product}",
            "text": prose([_sometimes_digits(chance, word) for word in words(length)]),
            "title": " ".join(words(3)).capitalize(),
            "rating": str(chance.choices(list(_STARS), list(_STARS.values()))[0]),
            "author": f"{words(1)[0].title()} {chance.choice('ABCDEFGHKLM')}.",
            "date": f"20{chance.randrange(20, 25)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        }


def write_csv(path: Path, number: int, skip: int = 0) -> None:
    """Write invented reviews, but the first ones, as `python -m tdcrawl.demo serve --reviews` reads them."""
    reviews = islice(invent_reviews(skip + number), skip, None)
    with path.open("w", newline="", encoding="utf-8") as file:
        first = next(reviews)
        rows = csv.DictWriter(file, list(first))
        rows.writeheader()
        rows.writerow(first)
        rows.writerows(reviews)


def invent_words(chance: random.Random, number: int) -> list[str]:
    """Invent different words, the short ones first: they are the common ones."""
    words = dict.fromkeys(_words(chance, 3 * number))
    return sorted(islice(words, number), key=len)


def prose(words: list[str]) -> str:
    """Write words down as sentences."""
    sentences = (words[start : start + _SENTENCE] for start in range(0, len(words), _SENTENCE))
    return " ".join(f"{' '.join(sentence).capitalize()}." for sentence in sentences)


def _words(chance: random.Random, number: int) -> Iterator[str]:
    for _ in range(number):
        yield "".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2, 3, 3, 4))))


def _sometimes_digits(chance: random.Random, word: str) -> str:
    return str(chance.randrange(2, 200)) if chance.random() < _DIGITS_A_WORD else word
