"""WHICH pages come last: those turned from pages that, as far as they were read, fed strata that are full.

A page, and what is turned from it, is a chain. What a chain fed stands in the outcomes of its pages: nothing else is
kept of it, so it holds for all workers and after any crash.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from tdcrawl.outcomes import Bucket, PageState
from tdcrawl.records.naming import UNLABELLED
from tdcrawl.store.look_up import among, look_up
from tdcrawl.store.tables import outcomes, over_quota, pages, quota_seats, records

CHAIN = "chain"
"""What the meta of a turned page names the pages before it by: the ids of the last so many."""
LONGEST_CHAIN = 10
# A page is put back where fewer than one in twenty items would find room even if the next one did; a step more at half.
_ONE_IN = (20, 40, 80)
_MOST_MOVES = 1_000
_FOUND_AT = pages.c.request["priority"].as_integer()
_PUT_FORWARD = (
    update(pages)
    .where(pages.c.run_id == bindparam("run"), pages.c.state == PageState.PENDING, pages.c.priority < _FOUND_AT)
    .values(priority=_FOUND_AT)
)
_MOVE = update(pages).where(among(pages.c.page_id)).values(priority=bindparam("at"))
_TAKEN = select(quota_seats.c.stratum, quota_seats.c.taken).where(quota_seats.c.record_type == bindparam("of_type"))
_STRATUM = func.coalesce(records.c.stratum, over_quota.c.stratum)
# Copies and failures would not be kept with any number of seats: they say nothing of them.
_FED = (
    select(outcomes.c.page_id, _STRATUM, func.count())
    .outerjoin(records, records.c.record_id == outcomes.c.item_id)
    .outerjoin(over_quota, over_quota.c.item_id == outcomes.c.item_id)
    .where(among(outcomes.c.page_id), outcomes.c.bucket.in_([Bucket.RECORD, Bucket.OVER_QUOTA]))
    .group_by(outcomes.c.page_id, _STRATUM)
)
Find = Callable[[], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Sight:
    """Hold what pages were put in order by: the strata that were full, and who did so, by worker id."""

    full: frozenset[str]
    workers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Course:
    """Say what a worker steers by: the seats of its record type by stratum, and what it saw at its last lease."""

    record_type: str
    quota: Mapping[str, int]
    last: Sight | None = None


@dataclass(frozen=True, slots=True)
class Steered:
    """Hold the pages that are next, what was seen, and how many pages were put back meanwhile."""

    found: Sequence[Any]
    sight: Sight
    put_back: int


def steer(connection: Connection, course: Course, run_id: str, workers: frozenset[str], find: Find) -> Steered:
    """Find the next pages of a run, after putting each to its place that would come too early.

    `find` gives those that are next as they stand; only these are looked at. Where very many go back, the rest is left
    to the next lease, and this one takes what comes.
    """
    sight = Sight(_full(connection, course), workers)
    if course.last and not (course.last.full <= sight.full and course.last.workers <= workers):
        put_forward(connection, run_id)
    found, moved, put_back = find(), 0, 0
    while sight.full and moved < _MOST_MOVES and (moves := _misplaced(connection, found, sight.full)):
        for at in {place for _, place in moves}:
            connection.execute(_MOVE, {"ids": [row.page_id for row, place in moves if place == at], "at": at})
        moved += len(moves)
        put_back += sum(place < _found_at(row) <= row.priority for row, place in moves)
        found = find()
    return Steered(found, sight, put_back)


def put_forward(connection: Connection, run_id: str) -> None:
    """Give all pages of a run that were put back the priority at which they were found."""
    connection.execute(_PUT_FORWARD, {"run": run_id})


def steps_back(room: int, items: int) -> int:
    """Say how far back (0 to 3) the next page of a chain goes that fed so many items, of which some found `room`.

    One that fed fewer than twenty stays: so few say too little.
    """
    return sum((room + 1) * one_in < items + 1 for one_in in _ONE_IN)


def _full(connection: Connection, course: Course) -> frozenset[str]:
    taken: dict[str, int] = dict(connection.execute(_TAKEN, {"of_type": course.record_type}).all())
    return frozenset(stratum for stratum, seats in course.quota.items() if taken.get(stratum, 0) >= seats)


def _misplaced(connection: Connection, rows: Sequence[Any], full: frozenset[str]) -> list[tuple[Any, int]]:
    """Find the turned pages among some that are not where they belong; gives each with its priority."""
    chains = [(row, chain) for row in rows if (chain := row.request.get("meta", {}).get(CHAIN))]
    fed: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for page_id, stratum, number in look_up(connection, _FED, sorted({one for _, ids in chains for one in ids})):
        if stratum != UNLABELLED:
            fed[page_id][stratum] = number
    places = [(row, _found_at(row) - _steps_back([fed[one] for one in ids], full)) for row, ids in chains]
    return [(row, place) for row, place in places if place != row.priority]


def _steps_back(fed: Sequence[Mapping[str, int]], full: frozenset[str]) -> int:
    items = sum(sum(by_stratum.values()) for by_stratum in fed)
    room = sum(number for by_stratum in fed for stratum, number in by_stratum.items() if stratum not in full)
    return steps_back(room, items)


def _found_at(row: Any) -> int:
    place: int = row.request.get("priority", 0)
    return place
