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
    return Label(name, RULE, record_type.rule_version) if name else None


def is_contradicted(record_type: RecordType, label: str, normalised: str) -> bool:
    """Say whether a normalised text has words that belie a label."""
    patterns = record_type.contradicted.get(label)
    return bool(patterns and _compiled(tuple(patterns)).search(normalised))


@cache
def _compiled(patterns: tuple[str, ...]) -> "re2._Regexp[str]":
    return re2.compile("|".join(rf"\b(?:{pattern})" for pattern in patterns))
