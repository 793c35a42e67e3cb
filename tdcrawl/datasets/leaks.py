"""Does a split give away what another asks? Texts, things and people that stand in more than one."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from tdcrawl.datasets.ahead import ahead
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.split import TEST, TRAIN, VALIDATION
from tdcrawl.dedup import near
from tdcrawl.dedup.index import TextIndex
from tdcrawl.dedup.judge import Text, compare
from tdcrawl.records import RECORD_TYPES
from tdcrawl.store import leaks
from tdcrawl.store.engine import Connection
from tdcrawl.store.leaks import Thing

_PAIRS_AT_ONCE = 500
_Texts = tuple[list[str], list[str]]
"""Ids of records, and their normalised texts."""

Leaks = dict[str, tuple[int, list[str]]]
"""How many leaks there are of each kind, and the ids of rows that a few of them concern."""


def find_leaks(connection: Connection, plan: FreezePlan, *, authors_together: bool) -> Leaks:
    """Find what stands in several splits of a version whose rows are in the database; authors where they must not."""
    things = list(leaks.things(RECORD_TYPES[plan.record_type], authors_together=authors_together))
    pairs = sorted(set(_near(connection, plan, [thing for _, thing in things])))
    found: Leaks = {}
    for name, thing in things:
        (before, named), (number, ids) = found.get(name, (0, [])), thing.torn(connection, plan.version)
        found[name] = before + number, [*named, *ids][: leaks.NAMED]
    found["near-duplicates"] = len(pairs), [" and ".join(pair) for pair in pairs[: leaks.NAMED]]
    return {name: leak for name, leak in found.items() if leak[0]}


def _near(connection: Connection, plan: FreezePlan, things: Sequence[Thing]) -> Iterator[tuple[str, str]]:
    """Find the texts that are alike and stand in different splits, whatever the crawl had found."""
    candidates = _candidates(connection, plan, things)
    while pairs := list(islice(candidates, _PAIRS_AT_ONCE)):
        stored = leaks.splits_of(connection, plan.version, {one for pair in pairs for one in pair})
        for one, other in pairs:
            if stored[one][0] != stored[other][0] and _alike(plan, stored[one][1], stored[other][1]):
                yield min(one, other), max(one, other)


def _candidates(connection: Connection, plan: FreezePlan, things: Sequence[Thing]) -> Iterator[tuple[str, str]]:
    """Find who may be near whom, and let `things` look at all rows on the way.

    The texts to train on, which are most of all, are asked about, and never entered.
    """
    index = TextIndex(plan.near_duplicate_threshold)
    for split in (TEST, VALIDATION, TRAIN):
        look = partial(_look_up, index, enter=split != TRAIN)
        for found in ahead(look, _texts(connection, plan, split, things)):
            yield from found


def _texts(connection: Connection, plan: FreezePlan, split: str, things: Sequence[Thing]) -> Iterator[_Texts]:
    kind = RECORD_TYPES[plan.record_type]
    for rows in leaks.rows_in(connection, plan.version, split):
        for thing in things:
            thing.look(split, rows)
        yield [row.record_id for row in rows], [kind.sameness(kind.stored(row.data)) for row in rows]


def _look_up(index: TextIndex, texts: _Texts, *, enter: bool) -> list[tuple[str, str]]:
    ids, normalised = texts
    signatures = near.sign_all(normalised)
    # Not with each other: they are in one split.
    found = [(ids[place], other) for place, other in index.near_all(signatures)]
    if enter:
        index.add_all(ids, signatures)
    return found


def _alike(plan: FreezePlan, *both: dict[str, object]) -> bool:
    kind = RECORD_TYPES[plan.record_type]
    one, other = (Text("", kind.sameness(kind.stored(data)), "", ()) for data in both)
    return compare(one, other, plan.near_duplicate_threshold) is not None
