"""WHAT IS IT CALLED? How wrong labels are: seen from a sample that people looked at, or a set that is known."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tdcrawl.drift import interval
from tdcrawl.records import RECORD_TYPES
from tdcrawl.store.engine import Connection
from tdcrawl.store.label_figures import audited

_CONFIDENCE = 0.95


def audits(connection: Connection) -> list[dict[str, Any]]:
    """Tell what people's audits say of the labels by votes, by record type."""
    found = {name: audited(connection, name) for name, kind in RECORD_TYPES.items() if kind.question}
    return [{"record_type": name, "labels": precision(rows), "noise": noise(rows)} for name, rows in found.items()]


def precision(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give for each version and label the share of its labels that was confirmed, with a 95 % Wilson interval."""
    return [{**audit, **_share("precision", audit["confirmed"], audit["audited"])} for audit in rows]


def noise(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Estimate the share of labels by votes that are wrong, with a 95 % Wilson interval; None without an audit.

    The sample is drawn evenly from all of them, so its share is theirs.
    """
    number = sum(audit["audited"] for audit in rows)
    wrong = number - sum(audit["confirmed"] for audit in rows)
    return {"audited": number, "wrong": wrong, **_share("noise", wrong, number)} if number else None


def against_gold(said: Sequence[tuple[str, str | None]], labels: Sequence[str]) -> list[dict[str, Any]]:
    """Compare labels that are known with those that were given (None: left to people), label by label."""
    pairs = Counter(said)
    given = Counter(label for _, label in said)
    known = Counter(label for label, _ in said)
    return [
        {
            "label": label,
            "gold": known[label],
            "given": given[label],
            "right": pairs[label, label],
            **_share("precision", pairs[label, label], given[label]),
            "recall": pairs[label, label] / known[label] if known[label] else None,
        }
        for label in labels
    ]


def _share(name: str, found: int, of: int) -> dict[str, Any]:
    if not of:
        return {name: None, "low": None, "high": None}
    low, high = interval(found, of, _CONFIDENCE)
    return {name: round(found / of, 4), "low": round(low, 4), "high": round(high, 4)}
