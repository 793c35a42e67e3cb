"""WHAT IS IT CALLED? The label that needs no asking: a rule's, with its version."""

from tdcrawl.records.base import Record, RecordType
from tdcrawl.records.naming import Label


def label_by_rule(record_type: RecordType, record: Record) -> Label:
    """Label a record by the rule of its type. A rule's label carries no confidence: nobody has estimated one."""
    return Label(record_type.rule(record), "rule", record_type.rule_version)
