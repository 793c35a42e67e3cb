"""Write the practice reviews: sentences drawn from phrases.toml, the same ones for the same seed."""

import random
import tomllib
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

from tdcrawl.demo.shop import ShopReview

# Like real shops: about 70 % of four and five stars, 15 % of three, 15 % of one and two.
_STARS = {5: 46, 4: 24, 3: 15, 2: 7, 1: 8}
_FIRST_DAY = date(2022, 1, 10)
_DAYS = 1200
_SLOTS = ("who", "span", "place", "use")


@cache
def phrases() -> dict[str, Any]:
    """Load the phrase banks and the products of the practice shop."""
    return tomllib.loads(resources.files(__package__).joinpath("phrases.toml").read_text(encoding="utf-8"))


def mood(stars: int) -> str:
    """Name the mood of a review of 1 to 5 stars."""
    if stars >= 4:
        return "positive"
    return "negative" if stars <= 2 else "neutral"


class Writer:
    """Write one review after the other, numbered, from one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._written = 0

    def review(self, item: str, *, text: str | None = None, stars: int | None = None) -> ShopReview:
        """Write a review of an `item` (a noun), of a given text or rating (1-5 stars) where one is given."""
        self._written += 1
        stars = stars or self._chance.choices(list(_STARS), list(_STARS.values()))[0]
        return ShopReview(
            review_id=f"R{self._written:04}",
            text=text or self._text(item, mood(stars)),
            rating=str(stars),
            title=self._title(item, mood(stars)),
            author=f"{self._pick(phrases()['authors'])} {self._pick('ABCDEFGHKLMNOPRSTVWZ')}.",
            date=(_FIRST_DAY + timedelta(days=self._chance.randrange(_DAYS))).isoformat(),
        )

    def _text(self, item: str, feeling: str) -> str:
        aspects = self._chance.sample(phrases()["aspect"][feeling], k=self._chance.choice((2, 2, 3)))
        parts = [
            self._pick(phrases()["opening"][feeling]),
            self._pick(phrases()["context"]["any"]),
            *aspects,
            self._pick(phrases()["closing"][feeling]),
        ]
        return " ".join(self._fill(part, item) for part in parts)

    def _title(self, item: str, feeling: str) -> str:
        return self._fill(self._pick(phrases()["closing"][feeling]), item).rstrip(".")

    def _fill(self, sentence: str, item: str) -> str:
        filled = sentence.format(item=item, **{slot: self._pick(phrases()[slot]) for slot in _SLOTS})
        return filled[0].upper() + filled[1:]

    def _pick(self, choices: list[str] | str) -> str:
        return self._chance.choice(choices)
