"""What every reader is given, and what it gives back."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from parsel import Selector

Json = Any
"""What a JSON document holds: dictionaries, lists, strings, numbers, booleans, None."""

MOST_RECORDS = 10_000
"""So many records of one page are read: more take longer than a crawl can wait, and no list for people is as long."""


@dataclass(frozen=True, slots=True)
class Page:
    """Hold one fetched page: where it came from, and its parsed document."""

    url: str
    selector: Selector


@dataclass(frozen=True, slots=True)
class Found:
    """Hold what one reader found: the strings of each record by field name, and what it could not read.

    `chosen` counts, for each field with several selectors, how often which of them gave it: (field, 1 for the first).
    """

    raws: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    chosen: Counter[tuple[str, int]] = field(default_factory=Counter)


class Excess(str):
    """Say what a page holds more of than can be read: a problem by which records may be lost."""

    __slots__ = ()


def left_out(reader: str, number: int, of: int) -> Excess:
    """Say how many records a reader read, of those there are."""
    return Excess(f"{reader}: only {number:,} of {of:,} records are read")
