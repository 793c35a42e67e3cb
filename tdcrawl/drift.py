"""Has a site changed? The shares of a run beside those of earlier ones, with no thresholds but what those teach."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import sqrt
from statistics import NormalDist
from typing import Any, TypedDict

LEAST = 5
"""How many earlier runs it takes.

A share that wanders from run to run, however many items there are, is called strange in 2 to 5 of 100 runs with five
before it, in 5 to 8 with four (uniform, normal, Laplace). As many strange ones in a row are enough for a new normal.
"""
ENOUGH = 20
"""Of fewer items, none with a field that is often left out is nothing strange, and all with it teach little."""
_RISK = 0.05


class Group(TypedDict):
    """Hold how many there were (`of`), and how many of them were found to be what each name says."""

    of: int
    found: dict[str, int]


Shares = Mapping[str, Group]
"""What is compared between runs, by group."""
_Count = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Past:
    """Hold the shares of an earlier run, and the names of those that were strange then."""

    shares: Shares
    alarmed: Collection[str]


@dataclass(frozen=True, slots=True)
class Alarm:
    """Say that a share lies outside what `runs` earlier ones led to expect: `found` of `of`, not `low` to `high`."""

    share: str
    found: int
    of: int
    low: float
    high: float
    runs: int

    def __str__(self) -> str:
        """Say it in one line."""
        now, usual = f"{self.found} of {self.of}, {self.found / self.of:.1%}", f"{self.low:.1%} to {self.high:.1%}"
        return f"drift: {self.share}: {now}; {self.runs} earlier runs led to expect {usual}"

    def told(self) -> dict[str, Any]:
        """Give it as JSON values, its one line among them."""
        return {**asdict(self), "message": str(self)}


def alarms(now: Shares, earlier: Sequence[Past]) -> list[Alarm]:
    """Compare a run's shares with those of earlier runs of the site, the oldest first."""
    names = sorted(set(_names(now)).union(*(_names(past.shares) for past in earlier)))
    # One alarm is one too many, whichever share it is about: all of them together may be wrong in one run of twenty
    # (Bonferroni; that shares hang together only makes it rarer).
    confidence = 1 - _RISK / max(1, len(names))
    found = (_compare(name, _count(now, name), _teachers(name, earlier, confidence), confidence) for name in names)
    return [alarm for alarm in found if alarm]


def _compare(name: str, count: _Count, teachers: Sequence[_Count], confidence: float) -> Alarm | None:
    if len(teachers) < LEAST or not count[1]:
        return None
    low, high = interval(*count, confidence)
    lows, highs = zip(*(interval(*taught, confidence) for taught in teachers), strict=True)
    shares = [found / of for found, of in teachers]
    # A few runs show but a part of how a share wanders: as much again is allowed for on either side.
    spread = max(shares) - min(shares)
    least, most = max(0.0, min(lows) - spread), min(1.0, max(highs) + spread)
    return Alarm(name, *count, least, most, len(teachers)) if high < least or low > most else None


def _teachers(name: str, earlier: Sequence[Past], confidence: float) -> list[_Count]:
    """Pick the runs that teach what is normal: those with items enough, in which the share was not strange.

    Of up to z² items none and all cannot be told apart: the interval of such a run would excuse anything.
    """
    too_few = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    normal, strange = list[_Count](), list[_Count]()
    for past in earlier:
        count = _count(past.shares, name)
        if count[1] <= too_few:
            continue
        if name not in past.alarmed:
            normal, strange = [*normal, count], []
        elif len(strange) < LEAST - 1:
            strange = [*strange, count]
        else:
            normal, strange = [*strange, count], []
    return normal


@lru_cache(10_000)
def interval(found: int, of: int, confidence: float) -> tuple[float, float]:
    """Give the Wilson interval of a share: where it is, seen from so many."""
    squared = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    middle, reach = found + squared / 2, sqrt(squared * (found * (of - found) / of + squared / 4))
    low, high = ((middle + away) / (of + squared) for away in (-reach, reach))
    return (low if found else 0.0), (high if found < of else 1.0)


def _names(shares: Shares) -> Iterator[str]:
    return (f"{group}/{name}" for group, counts in shares.items() for name in counts["found"])


def _count(shares: Shares, name: str) -> _Count:
    group, _, found = name.partition("/")
    counts = shares.get(group, Group(of=0, found={}))
    return counts["found"].get(found, 0), counts["of"]
