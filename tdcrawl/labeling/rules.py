"""WHAT IS IT CALLED? The label that needs no asking: a rule's, with its version."""

from functools import cache

import re2

from tdcrawl.records.base import Record, RecordType
from tdcrawl.records.naming import RULE, Label


def label_by_rule(record_type: RecordType, record: Record) -> Label | None:
    """Label a record by the rule of its type, which may abstain.

    A rule's label carries no confidence: nobody has estimated one.
    """
    name = record_type.rule(record)
    return _label(name, record_type.rule_version) if name else None


def is_contradicted(record_type: RecordType, label: str, normalised: str) -> bool:
    """Say whether a normalised text has words that belie a label."""
    patterns = record_type.contradicted.get(label)
    return bool(patterns and _compiled(tuple(patterns)).Match(normalised))


@cache
def _label(name: str, version: str) -> Label:
    return Label(name, RULE, version)


@cache
def _compiled(patterns: tuple[str, ...]) -> re2.Set:
    # As a set: where the words stand need not be told, which takes as long as to find them.
    compiled = re2.Set.SearchSet()
    for pattern in patterns:
        compiled.Add(rf"\b(?:{pattern})")
    compiled.Compile()
    return compiled
