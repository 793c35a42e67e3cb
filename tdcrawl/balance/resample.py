"""HOW OFTEN does each record count? Balancing that depends on the records alone, never on the order they come in."""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tdcrawl.errors import DatasetError

Lowest = Callable[[Mapping[str, int]], Mapping[str, int]]
"""Takes how many records of a value are wanted, and gives the highest of that many lowest ranks of it."""


class Balance(StrEnum):
    """Name the ways to treat what is too frequent in the training split."""

    NONE = "none"
    UNDERSAMPLE = "undersample"
    OVERSAMPLE = "oversample"
    WEIGHTS = "weights"
    SMOTE = "smote"


@dataclass(frozen=True, slots=True)
class Draw:
    """Say how often a record counts: `base` times, and once more up to a rank; each time for so much (`worth`)."""

    base: int = 1
    last: int = -1
    worth: float = 1.0

    def weight(self, rank: int) -> float:
        """Weigh a record; one of weight 0 is left out."""
        return (self.base + (rank <= self.last)) * self.worth


def rank(record_id: str, seed: str) -> int:
    """Give a record its place in the draw, 64 bits: the lowest ranks are taken first."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{record_id}".encode()).digest()[:8])


def draws(counts: Mapping[str, int], lowest: Lowest, balance: Balance, max_share: float) -> dict[str, Draw]:
    """Say how often the records of each value count, from how many there are and whoever knows their ranks.

    Undersampling leaves out records of the values above a level, oversampling counts those of the values below one
    more than once, weights do the same in parts and keep the sum; SMOTE makes rows up beside the records. Raises
    DatasetError where no level helps.
    """
    counts = dict(sorted(counts.items()))
    wanted = levelled(counts, balance, max_share)
    if balance is Balance.SMOTE:
        return dict.fromkeys(counts, Draw())
    if balance is Balance.WEIGHTS:
        scale = Fraction(sum(counts.values()), sum(wanted.values()) or 1)
        return {value: Draw(worth=float(Fraction(wanted[value], counts[value]) * scale)) for value in counts}
    times = {value: divmod(wanted[value], counts[value]) for value in counts}
    last = lowest({value: more for value, (_, more) in times.items() if more})
    return {value: Draw(base, last.get(value, -1)) for value, (base, _) in times.items()}


def levelled(counts: Mapping[str, int], balance: Balance, max_share: float) -> dict[str, int]:
    """Say how many of each value there are to be, so that none exceeds its share; raises DatasetError.

    Like water in joined vessels: what stands above the level is cut to it, or what stands below is raised.
    """
    share, most = Fraction(str(max_share)), max(counts.values(), default=0)
    if balance is Balance.NONE or not _exceeds(counts, share):
        return dict(counts)
    if _exceeds(dict.fromkeys(counts, 1), share):
        raise DatasetError(
            f"nothing can be held to {max_share:.0%} of the training split: it has {_listed(counts)}. "
            "Collect more of the others, choose a larger --max-share, or --balance none"
        )
    levels = range(1, most + 1)
    if balance is Balance.UNDERSAMPLE:
        # Whatever exceeds its share at some level does so at every higher one, and fits from some level down.
        level = bisect_left(levels, 1, key=lambda level: _exceeds(_cut(counts, level), share))
        return _cut(counts, level)
    level = levels[bisect_left(levels, 1, key=lambda level: not _exceeds(_raised(counts, level), share))]
    return _raised(counts, level)


def _cut(counts: Mapping[str, int], level: int) -> dict[str, int]:
    return {value: min(number, level) for value, number in counts.items()}


def _raised(counts: Mapping[str, int], level: int) -> dict[str, int]:
    return {value: max(number, level) for value, number in counts.items()}


def _exceeds(counts: Mapping[str, int], share: Fraction) -> bool:
    return max(counts.values(), default=0) > share * sum(counts.values())


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {value}" for value, number in counts.items())
