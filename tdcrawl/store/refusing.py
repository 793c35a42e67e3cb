"""Items that were erased, met again: each ends as failed, with a row that holds nothing of it.

Asked in the transactions that write, so that an erasure wins over a crawl that is under way.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from tdcrawl.outcomes import Move, Rejection
from tdcrawl.store import page_writes, settling
from tdcrawl.store.archive import Place
from tdcrawl.store.erasure_tables import erased_places
from tdcrawl.store.label_tables import labels
from tdcrawl.store.look_up import among, change_all, look_up
from tdcrawl.store.page_writes import Taken, Yield
from tdcrawl.store.placement import SETTLE
from tdcrawl.store.settling import Acceptance, OutdatedError, Refusal
from tdcrawl.store.tables import ON_ITS_WAY, failed_records, outcomes, pages
from tdcrawl.store.tombstones import (
    Traces,
    are_any,
    empty_failure,
    erased,
    note_erased,
    rejection,
    settled_as_erased,
    traces_of,
)
from tdcrawl.store.updating import update_all

_FINAL = select(outcomes.c.item_id).where(among(outcomes.c.item_id), outcomes.c.reason == rejection().reason)
_OPEN = select(outcomes.c.item_id, outcomes.c.run_id, outcomes.c.record_type, outcomes.c.site).where(
    among(outcomes.c.item_id), ON_ITS_WAY
)


def recognise(connection: Connection, wanted: list[Sequence[Traces]]) -> list[bool]:
    """Say of the items of each page whether one of them was erased."""
    return [bool(erased(connection, traces)) for traces in wanted]


def take(connection: Connection, wanted: list[Yield]) -> list[dict[str, Taken]]:
    """Take what pages yielded, as `page_writes.take` does, but hand out nothing that was erased."""
    gone = erased(connection, _traces(wanted)) if are_any(connection) else {}
    if not gone:
        return page_writes.take(connection, wanted)
    final = {item_id for (item_id,) in look_up(connection, _FINAL, list(gone))}
    answers = page_writes.take(connection, [_left(connection, page, gone, final) for page in wanted])
    refuse(connection, gone)
    return [{item_id: how for item_id, how in answer.items() if item_id not in gone} for answer in answers]


def _traces(wanted: Iterable[Yield]) -> list[Traces]:
    return [traces for page in wanted for traces in page.traces()]


def _left(connection: Connection, page: Yield, gone: Mapping[str, int], final: Collection[str]) -> Yield:
    """Give what is to be taken of a page; one that shows what was erased is not archived."""
    if not any(item.item_id in gone for item in page.items):
        return page
    if page.archived:
        forget(connection, [page.archived])
    items = [item for item in page.items if item.item_id not in final]
    return replace(page, items=items, seen_again=page.seen_again + len(page.items) - len(items), archived=None)


def accept(connection: Connection, wanted: list[Acceptance]) -> list[Rejection | list[Move]]:
    """Keep records as `settling.accept` does, but none that was erased meanwhile."""
    if not are_any(connection):
        return settling.accept(connection, wanted)
    traces = {asked.item.item_id: traces_of(asked.item, asked.terms.record_type) for asked in wanted}
    gone = _refused(connection, traces)
    kept = [asked for asked in wanted if asked.item.item_id not in gone]
    answers = iter(settling.accept(connection, kept) if kept else ())
    return [rejection() if asked.item.item_id in gone else next(answers) for asked in wanted]


def reject(connection: Connection, wanted: list[Refusal]) -> list[OutdatedError | None]:
    """Move items as `settling.reject` does, but keep nothing of one that was erased meanwhile."""
    if not are_any(connection):
        return settling.reject(connection, wanted)
    traces = {asked.item.item_id: traces_of(asked.item, asked.terms.record_type, asked.evidence) for asked in wanted}
    gone = _refused(connection, traces)
    kept = [asked for asked in wanted if asked.item.item_id not in gone]
    answers = iter(settling.reject(connection, kept) if kept else ())
    return [None if asked.item.item_id in gone else next(answers) for asked in wanted]


def _refused(connection: Connection, traces: Mapping[str, Traces]) -> Mapping[str, int]:
    gone = erased(connection, list(traces.values()))
    if gone:
        hashes = {item_id: known.content_hash for item_id, known in traces.items() if known.content_hash}
        refuse(connection, gone, hashes)
    return gone


def refuse(connection: Connection, gone: Mapping[str, int], hashes: Mapping[str, str] | None = None) -> None:
    """Settle as erased those items, given with their tombstones, that are on their way."""
    found = [tuple(row) for row in look_up(connection, _OPEN, list(gone))]
    if found:
        settle_as_erased(connection, found)
        # Votes may quote a text, and were cast before anybody knew whose it is.
        change_all(connection, delete(labels).where(among(labels.c.record_id)), [item_id for item_id, *_ in found])
    note_erased(connection, gone, hashes)


def settle_as_erased(connection: Connection, items: Collection[tuple[str, str, str, str]]) -> None:
    """Put items (id, run, record type, site) where nothing is kept of them."""
    update_all(connection, SETTLE, [settled_as_erased(item_id) for item_id, *_ in items])
    connection.execute(insert(failed_records), [empty_failure(*item) for item in items])


def forget(connection: Connection, places: Iterable[Place]) -> None:
    """Take places of the archive from all pages, and note that they are to be written over."""
    wanted = {(place.file, place.offset) for place in places}
    key = tuple_(erased_places.c.archive_file, erased_places.c.archive_offset)
    noted = set(map(tuple, connection.execute(select(*key.clauses))))
    for file, offset in sorted(wanted - noted):
        connection.execute(insert(erased_places).values(archive_file=file, archive_offset=offset))
    for file, offset in sorted(wanted):
        here = (pages.c.archive_file == file) & (pages.c.archive_offset == offset)
        connection.execute(update(pages).where(here).values(archive_file=None, archive_offset=None))
