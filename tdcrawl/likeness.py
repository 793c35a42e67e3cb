"""What two items are to each other: copies, of which one stays, or a contrast, of which both do."""

from dataclasses import dataclass, field
from enum import StrEnum


class Likeness(StrEnum):
    """Say how an item resembles another: word for word, nearly, or nearly and yet saying the opposite."""

    EXACT = "exact"
    NEAR = "near"
    CONTRAST = "contrast"


@dataclass(frozen=True, slots=True)
class Match:
    """Name a record that resembles an item; `score` is the exact Jaccard similarity of their token sets, 0-1."""

    record_id: str
    likeness: Likeness
    score: float


@dataclass(slots=True)
class Judgement:
    """Hold what an item resembles: better copies, worse copies, and records it contrasts with; best matches first."""

    better: list[Match] = field(default_factory=list)
    worse: list[Match] = field(default_factory=list)
    contrasts: list[Match] = field(default_factory=list)
