"""Read how far up a scale something is: `4.5 out of 5`, `8/10`, `80%`, `★★★★☆`, `4,5 Sterne`."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from tdcrawl.extract.doubts import Doubt
from tdcrawl.outcomes import ValidateReason

# Nobody groups thousands on a scale, so a comma and a point both mean decimals, in every locale.
_NUMBER = re.compile(r"(?:(?<!\w)[-\N{MINUS SIGN}])?\d+(?:[.,\N{ARABIC DECIMAL SEPARATOR}]\d+)?")
_OF = re.compile(r"/|\b(?:out of|of|de|von|sur|su|van|av|af|z|из)\b", re.IGNORECASE)
_FILLED_STARS, _EMPTY_STARS = "★⭐🌟", "☆✩"
_AS_PYTHON_WRITES = str.maketrans("\N{MINUS SIGN},\N{ARABIC DECIMAL SEPARATOR}", "-..")
_HALF = "½"
_LONGEST = 200
_STARS = 5
# What schema.org leaves unsaid means five (Google's documentation of review snippets); docs/decisions/0003-ratings.md.
_USUAL_BEST = 5.0


@dataclass(frozen=True, slots=True)
class Scaled:
    """Hold a value between `worst` and `best` of its scale."""

    value: float
    best: float
    worst: float = 0

    def stars(self) -> float:
        """Bring the value to the scale 1-5: by its share of the best, or from end to end where worst is below zero."""
        if self.worst < 0:
            return round(1 + (self.value - self.worst) * (_STARS - 1) / (self.best - self.worst), 4)
        return max(1.0, round(self.value * _STARS / self.best, 4))


# A site writes the same few ratings again and again.
@lru_cache
def read_number(text: str) -> float:
    """Read the one number in a text; raises Doubt where there is none, or more than one."""
    numbers = _numbers(text)
    if len(numbers) != 1:
        raise Doubt(ValidateReason.WRONG_TYPE, f"{text[:_LONGEST]!r} is no number")
    return _float(numbers[0])


@lru_cache
def read_scaled(text: str, best: float | None, worst: float | None, usual_best: float | None) -> Scaled:
    """Read a value and the scale it is on; raises Doubt.

    The scale is what the text itself says, else the page's `best` (and `worst`), else the site's `usual_best`, else
    five for a value that five-point scales know. A bare 0 is on no scale but one that says it begins there. Reasons:
    wrong_type, out_of_range, ambiguous_scale.
    """
    value, own_best = _stars(text) or _spelled(text)
    if own_best is not None:
        return _within(Scaled(value, own_best))
    if value == 0 and (worst is None or worst > 0):
        raise Doubt(ValidateReason.OUT_OF_RANGE, "0 is what shops write where nobody rated, unless worst_rating is 0")
    if best is None:
        best = usual_best
    if best is None:
        best = _told_by(value)
    return _within(Scaled(value, best, worst or 0))


def _told_by(value: float) -> float:
    if 1 <= value <= _USUAL_BEST:
        return _USUAL_BEST
    reason = ValidateReason.OUT_OF_RANGE if value < 0 else ValidateReason.AMBIGUOUS_SCALE
    raise Doubt(reason, f"{value:g} of how many? Neither the page nor rating_scale in the site file says")


def _within(scaled: Scaled) -> Scaled:
    if not scaled.worst <= scaled.value <= scaled.best or not scaled.worst < scaled.best < float("inf"):
        raise Doubt(
            ValidateReason.OUT_OF_RANGE, f"{scaled.value:g} is not on the scale {scaled.worst:g}-{scaled.best:g}"
        )
    return scaled


def _stars(text: str) -> tuple[float, float | None] | None:
    if _NUMBER.search(text):
        return None
    filled, empty = (sum(map(text.count, stars)) for stars in (_FILLED_STARS, _EMPTY_STARS))
    if not filled:
        return None
    value = filled + text.count(_HALF) / 2
    return value, (filled + empty + text.count(_HALF) if empty else None)


def _spelled(text: str) -> tuple[float, float | None]:
    numbers = _numbers(text)
    if any(unicodedata.category(character) == "Sc" for character in text):
        raise Doubt(ValidateReason.OUT_OF_RANGE, f"{text[:_LONGEST]!r} is a price")
    if len(numbers) == 1:
        per_cent = text[numbers[0].end() :].lstrip().startswith("%")
        return _float(numbers[0]), 100.0 if per_cent else None
    if len(numbers) == 2 and _OF.search(text[numbers[0].end() : numbers[1].start()]):
        return _float(numbers[0]), _float(numbers[1])
    raise Doubt(ValidateReason.WRONG_TYPE, f"{text[:_LONGEST]!r} is no value on a scale")


def _numbers(text: str) -> list[re.Match[str]]:
    return list(_NUMBER.finditer(text)) if len(text) <= _LONGEST and _HALF not in text else []


def _float(number: re.Match[str]) -> float:
    return float(number[0].translate(_AS_PYTHON_WRITES))
