"""WHICH WORDS speak of training, and who defined them when: signals.toml, which knows nothing of files and pages."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

KNOWN = "known"
_LONGEST_TOKEN = 100


class Says(StrEnum):
    """Say what a word means for training."""

    NO = "no"
    YES = "yes"
    SILENT = "silent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Signal:
    """Hold a word against training: what it was read from, in which place there, and the word as it stood."""

    source: str
    place: str
    token: str

    def __str__(self) -> str:
        return f"{self.source}: {self.place} {self.token}"


def meaning(place: str, token: str) -> Says:
    """Say what a word means in a place; one with a value after a colon by its name, if the whole is not known."""
    words = _words()
    said = "".join(token.casefold().split())
    return words.get((place, said)) or words.get((place, said.partition(":")[0])) or Says.UNKNOWN


def known_agents() -> tuple[str, ...]:
    """Name the agents that are known to collect for training."""
    return tuple(read_table()["agents"])


def named_agents(names: list[str]) -> tuple[str, ...]:
    """Give the agents that a setting names, where `known` stands for all that are known."""
    given = [agent for name in names for agent in (known_agents() if name == KNOWN else [name])]
    return tuple(dict.fromkeys(given))


def shortened(token: str) -> str:
    """Bound what is kept of a word that a site may have made as long as it liked."""
    return " ".join(token.split())[:_LONGEST_TOKEN]


@cache
def read_table() -> dict[str, Any]:
    """Read signals.toml."""
    return tomllib.loads(resources.files(__package__).joinpath("signals.toml").read_text(encoding="utf-8"))


@cache
def _words() -> dict[tuple[str, str], Says]:
    return {
        (place["name"], token): says
        for place in read_table()["place"]
        for says in (Says.NO, Says.YES, Says.SILENT)
        for token in place[says]
    }
