"""What a record is called: its label, who gave it, and the question that is asked where no rule can tell."""

from collections.abc import Mapping
from dataclasses import dataclass

RULE, MODEL, PERSON = "rule", "model", "person"
"""Who gives labels: what stands as their source."""
UNLABELLED = "unlabelled"
"""The stratum of what nobody has labelled yet: no quota counts it."""


@dataclass(frozen=True, slots=True)
class Label:
    """Name a record: who gave the name (RULE, MODEL or PERSON), in which version, how sure (0-1)."""

    name: str
    source: str
    version: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Ask for the label of a record whose rule abstains: a model first, people where its votes quarrel.

    `ask` is the question itself, `meanings` tells of each label when it is right, `shown` names the fields of the
    record that are shown, personal data masked. `signal` is the scraped field on which the rule rests: a record without
    it is asked for, or fails as missing_field where nobody is to be asked.
    """

    ask: str
    meanings: Mapping[str, str]
    shown: tuple[str, ...]
    signal: str
