"""The judgement over pairs that workers found alike: only what resembles anything comes here."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tdcrawl.datasets.corpus import Findings
from tdcrawl.likeness import Likeness, Match

Wording = str
"""Names all rows of a corpus that have the same words and the same label: what one of them resembles, all do."""
_Edges = defaultdict[Wording, list[tuple[Wording, Likeness, float]]]


def decide(edges: Iterable[dict[str, Any]], members: Iterable[dict[str, Any]], findings: Findings) -> Findings:
    """Let the best text that is left be judged, again and again; `members` are the rows with edges or exact copies."""
    alike = _by_wording(edges)
    ours, others, kept = [], dict[Wording, str](), dict[Wording, str]()
    for row in members:
        record_id, wording = row["record_id"], row["wording"]
        if row["settled"]:
            others[wording] = min(record_id, others.get(wording, record_id))
        else:
            ours.append((json.loads(row["rank"]), record_id, wording))
    for _, record_id, wording in sorted(ours):
        same = [(wording, Likeness.EXACT, 1.0), *alike.get(wording, ())]
        if findings.take(record_id, _matches(same, others), _matches(same, kept)):
            kept[wording] = record_id
    return findings


def _by_wording(edges: Iterable[dict[str, Any]]) -> _Edges:
    alike: _Edges = defaultdict(list)
    for edge in edges:
        one, other, likeness = edge["wording"], edge["other_wording"], Likeness(edge["likeness"])
        alike[one].append((other, likeness, edge["score"]))
        alike[other].append((one, likeness, edge["score"]))
    return alike


def _matches(alike: Iterable[tuple[Wording, Likeness, float]], known: dict[Wording, str]) -> Iterator[Match]:
    return (Match(known[wording], likeness, score) for wording, likeness, score in alike if wording in known)
