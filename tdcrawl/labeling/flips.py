"""WHAT IS IT CALLED? How many labels another model or wording would change, as far as what is stored can tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tdcrawl.drift import interval
from tdcrawl.labeling.vote import verdict
from tdcrawl.records.naming import Label
from tdcrawl.store.votes import Vote

_CONFIDENCE = 0.95
Group = tuple[str, str]
"""The version and the label that a text has had so far."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Count the texts of a group that tell something, those of them called otherwise now, and those left to people."""

    texts: int = 0
    changed: int = 0
    to_people: int = 0


def both_called(voted: Mapping[str, Mapping[str, Sequence[Vote]]], version: str) -> Iterator[tuple[Group, str | None]]:
    """Compare what a version calls texts with what others called them; None where it leaves them to people."""
    for versions in voted.values():
        now = verdict(versions[version], version)
        for earlier in versions.keys() - {version}:
            before = verdict(versions[earlier], earlier)
            if now and isinstance(before, Label):
                yield (earlier, before.name), now.name if isinstance(now, Label) else None


def tally(called: Iterable[tuple[Group, str | None]]) -> dict[Group, Seen]:
    """Count by group what is called otherwise now."""
    seen: dict[Group, Seen] = {}
    for group, now in called:
        before = seen.get(group, Seen())
        changed = now is not None and now != group[1]
        seen[group] = Seen(before.texts + 1, before.changed + changed, before.to_people + (now is None))
    return seen


def seen_in_audits(audits: Iterable[Mapping[str, Any]]) -> dict[Group, Seen]:
    """Take what people found wrong for what would change: so it is with a version that makes no mistakes."""
    return {
        (audit["version"], audit["label"]): Seen(audit["audited"], audit["audited"] - audit["confirmed"])
        for audit in audits
    }


def expected(records: Mapping[Group, int], seen: Mapping[Group, Seen]) -> dict[str, Any] | None:
    """Say how many of records would change, seen from texts of their versions, as JSON values; None without any.

    `share`, `low` and `high` are of one, with a 95 % Wilson interval; `records` are the interval in records.
    """
    versions = {version for version, _ in records}
    mine = {group: found for group, found in seen.items() if group[0] in versions and found.texts}
    if not mine:
        return None
    whole = Seen(*(sum(each) for each in zip(*map(_numbers, mine.values()), strict=True)))
    groups = sorted(records.keys() | mine.keys())
    return {
        **_told(whole, sum(records.values())),
        "labels": [
            {"version": group[0], "label": group[1], **_told(mine.get(group, Seen()), records.get(group, 0))}
            for group in groups
        ],
    }


def _numbers(seen: Seen) -> tuple[int, int, int]:
    return seen.texts, seen.changed, seen.to_people


def _told(seen: Seen, number: int) -> dict[str, Any]:
    told = {"texts": seen.texts, "changed": seen.changed, "to_people": seen.to_people, "of": number}
    if not seen.texts:
        return {**told, "share": None, "low": None, "high": None, "records": None}
    low, high = interval(seen.changed, seen.texts, _CONFIDENCE)
    share = {"share": round(seen.changed / seen.texts, 4), "low": round(low, 4), "high": round(high, 4)}
    return {**told, **share, "records": [round(low * number), round(high * number)]}
