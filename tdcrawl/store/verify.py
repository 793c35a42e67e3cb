"""Does the ledger balance? Each item in exactly one place, each page in one state, each text as it was hashed."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, FromClause, func, select

from tdcrawl.outcomes import Bucket, PageState
from tdcrawl.store.engine import reading
from tdcrawl.store.label_tables import unlabelled
from tdcrawl.store.record_check import Look, record_problems
from tdcrawl.store.tables import (
    ON_ITS_WAY,
    contrast_pairs,
    dedup_bands,
    duplicates,
    failed_records,
    outcomes,
    over_quota,
    pages,
    quota_seats,
    records,
    runs,
)

KEPT = {
    records: (records.c.record_id, [Bucket.RECORD]),
    duplicates: (duplicates.c.item_id, [Bucket.DUPLICATE]),
    failed_records: (failed_records.c.item_id, [Bucket.FAILED]),
    over_quota: (over_quota.c.item_id, [Bucket.OVER_QUOTA]),
    unlabelled: (unlabelled.c.item_id, [Bucket.NEEDS_REVIEW, Bucket.PENDING]),
}
"""Where the items of each bucket are kept, by their ids; what is pending for no reason has nothing but its outcome."""
_NAMES_A_RECORD = (
    ("entries of the near-duplicate index", dedup_bands.c.record_id),
    ("contrast pairs", contrast_pairs.c.record_id),
    ("contrast pairs", contrast_pairs.c.other_id),
)


@dataclass(frozen=True)
class LedgerCheck:
    """Hold the two sides of the ledger's identity, and each way in which they differ."""

    items: dict[str, int]
    pages: dict[str, int]
    seen_again: int
    problems: list[str] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        """Say whether every item and page is accounted for."""
        return not self.problems


def check_ledger(engine: Engine) -> LedgerCheck:
    """Count what was yielded against where it is, table by table."""
    with reading(engine) as connection:
        return check(connection)


def check(connection: Connection, look: Look | None = None) -> LedgerCheck:
    """Check the ledger as a transaction sees it; whoever wants to `look` is shown all records on the way."""
    items = _items(connection)
    seen_again = connection.scalar(select(func.coalesce(func.sum(pages.c.items_seen_again), 0))) or 0
    of_records = _record_problems(connection, look)
    problems = [*_item_problems(connection, items), *_page_problems(connection), *of_records]
    return LedgerCheck(items, _pages(connection), seen_again, problems)


def _items(connection: Connection) -> dict[str, int]:
    yielded = connection.scalar(select(func.coalesce(func.sum(pages.c.items_yielded), 0))) or 0
    counted = dict.fromkeys(Bucket, 0)
    for table, (_, buckets) in KEPT.items():
        for bucket in buckets:
            # Counted where they are kept, so that what was lost there is missed; two in one place, by what is said.
            said = _count(connection, outcomes, outcomes.c.bucket == bucket)
            counted[bucket] = said if len(buckets) > 1 else _count(connection, table)
    return {"yielded": yielded, **{bucket.value: number for bucket, number in counted.items()}}


def _pages(connection: Connection) -> dict[str, int]:
    counted = connection.execute(select(pages.c.state, func.count()).group_by(pages.c.state))
    by_state: dict[str, int] = dict(counted.all())
    return {"scheduled": _count(connection, pages), **{state.value: by_state.get(state, 0) for state in PageState}}


def _item_problems(connection: Connection, items: dict[str, int]) -> Iterator[str]:
    placed = sum(number for name, number in items.items() if name != "yielded")
    if placed != items["yielded"]:
        yield f"{items['yielded']} items were yielded, {placed} are accounted for"
    for table, (key, buckets) in KEPT.items():
        says = ~ON_ITS_WAY & outcomes.c.bucket.in_(buckets)
        # An item has one outcome, and one row in a table: what both have tells what either lacks.
        both = _count(connection, table.join(outcomes, outcomes.c.item_id == key), says)
        names = " or ".join(buckets)
        if lost := _count(connection, outcomes, says) - both:
            yield f"{lost} outcomes say {names}, but {table.name} has no such row"
        if stray := _count(connection, table) - both:
            yield f"{stray} rows of {table.name} have no outcome that says {names}"


def _page_problems(connection: Connection) -> Iterator[str]:
    page, outcome = pages.c, outcomes.c
    waiting = select(outcome.item_id).where(outcome.page_id == page.page_id, ON_ITS_WAY).exists()
    unfinished = _count(connection, pages, page.state == PageState.DONE, waiting)
    if unfinished:
        yield f"{unfinished} pages are done, though items of theirs are pending"
    finished = select(runs.c.run_id).where(runs.c.run_id == page.run_id, runs.c.finish_reason == "finished").exists()
    forgotten = _count(connection, pages, page.state == PageState.PENDING, finished)
    if forgotten:
        yield f"{forgotten} pages are pending, though their run says it finished"


def _record_problems(connection: Connection, look: Look | None) -> Iterator[str]:
    matched = select(records.c.record_id).where(records.c.record_id == duplicates.c.matched_record_id).exists()
    orphans = _count(connection, duplicates, ~matched)
    if orphans:
        yield f"{orphans} duplicates repeat a record that is not there"
    for record_type, stratum, taken in connection.execute(select(quota_seats)):
        there = _count(connection, records, records.c.record_type == record_type, records.c.stratum == stratum)
        if there != taken:
            yield f"{taken} seats of {record_type}/{stratum} are taken, by {there} records"
    for what, named in _NAMES_A_RECORD:
        known = select(records.c.record_id).where(records.c.record_id == named).exists()
        if stray := _count(connection, named.table, ~known):
            yield f"{stray} {what} name a record that is not there"
    yield from record_problems(connection, look)


def _count(connection: Connection, table: FromClause, *where: object) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]
