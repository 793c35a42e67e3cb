"""What every reader is given, and what it gives back."""

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
    """Hold what one reader found: the strings of each record by field name, and what it could not read."""

    raws: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
