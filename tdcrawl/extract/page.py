"""What every reader is given, and what it gives back."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from parsel import Selector

Json = Any
"""What a JSON document holds: dictionaries, lists, strings, numbers, booleans, None."""


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
