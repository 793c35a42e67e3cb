"""Erasing what was found: out of every table, in one transaction that leaves the ledger in balance."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from tdcrawl.outcomes import PageState
from tdcrawl.store.archive import Place
from tdcrawl.store.engine import Engine, writing
from tdcrawl.store.erasing import Found, Target
from tdcrawl.store.erasure_tables import erased_places, tombstones
from tdcrawl.store.label_tables import label_asked, labels, review_leases, review_tasks, unlabelled
from tdcrawl.store.look_up import among, change_all, look_up, some_of
from tdcrawl.store.overwriting import write_over
from tdcrawl.store.permission_tables import left_out
from tdcrawl.store.placement import Placement, records_of
from tdcrawl.store.refusing import forget, settle_as_erased
from tdcrawl.store.rows import Row, Run
from tdcrawl.store.shown import KEPT
from tdcrawl.store.tables import duplicates, failed_records, over_quota, pages
from tdcrawl.store.terms import Terms
from tdcrawl.store.tombstones import note_erased, scrubbed

_MOST_PAGES = 5_000
"""Where so many go, no other page is asked whether it leads there."""
_TASKS = select(review_tasks.c.task_id).where(among(review_tasks.c.item_id))
_TEXT_HASHES = select(labels.c.text_hash).where(among(labels.c.record_id), labels.c.text_hash.is_not(None))


def counts(connection: Connection, found: Found) -> dict[str, int]:
    """Count what there is of what was found, by table; pages are those of the archive."""
    ids = sorted(found.items)
    named = {failed_records: failed_records.c.item_id, labels: labels.c.record_id}
    keys = {**KEPT, **named, review_tasks: review_tasks.c.item_id}
    numbers = {
        table.name: sum(row[0] for row in look_up(connection, select(func.count()).where(among(key)), ids))
        for table, key in keys.items()
    }
    return {"items": len(ids), **numbers, "archived_pages": len(found.places)}


def write_tombstones(connection: Connection, target: Target, why: str | None, told: Mapping[str, Any]) -> int:
    """Write down what was erased; one that is there stays as it is. Returns the number of the first."""
    same = select(tombstones.c.key).where(tombstones.c.kind == target.kind)
    known = set(connection.scalars(same))
    for key in sorted(target.keys - known):
        row = {"kind": target.kind, "key": key, "at": datetime.now(UTC), "why": why, "counts": dict(told)}
        connection.execute(insert(tombstones).values(row))
    mine = (tombstones.c.kind == target.kind) & tombstones.c.key.in_(target.keys)
    first: int = connection.execute(select(func.min(tombstones.c.tombstone_id)).where(mine)).scalar_one()
    return first


def take_out(connection: Connection, found: Found, terms: Mapping[str, Terms], run: Run, tombstone: int) -> None:
    """Take what was found out of the live tables; `terms` are those of each record type, `run` is who does it."""
    ids = sorted(found.items)
    for table in (duplicates, over_quota, unlabelled, failed_records):
        change_all(connection, delete(table).where(among(table.c.item_id)), ids)
    change_all(connection, delete(left_out).where(among(left_out.c.record_id)), ids)
    by_type = defaultdict[str, list[Row]](list)
    for some in some_of(ids):
        for row in records_of(connection, some):
            by_type[row["record_type"]].append(row)
    for record_type, rows in by_type.items():
        placement = Placement(connection, run, terms[record_type])
        placement.withdraw_all(rows)
        placement.write()
    _take_out_labels(connection, ids)
    note_erased(connection, dict.fromkeys(ids, tombstone), found.hashes)
    if ids:
        settle_as_erased(connection, [(item_id, *found.items[item_id][:3]) for item_id in ids])


def take_out_pages(connection: Connection, found: Found, also: Iterable[Place]) -> None:
    """Take the bodies of pages, and of other places of the archive, from the ledger, and addresses to be erased."""
    forget(connection, {*found.places, *also})
    change_all(connection, update(pages).where(among(pages.c.page_id)).values(detail=None), sorted(found.page_ids))
    now = datetime.now(UTC)
    for page_id, url in found.own_pages.items():
        here = pages.c.page_id == page_id
        change = scrubbed(url, now)
        skipped = {name: change.pop(name) for name in ("state", "reason", "finished_at", "leased_by")}
        connection.execute(update(pages).where(here).values(change))
        connection.execute(update(pages).where(here, pages.c.state == PageState.PENDING).values(skipped))
    _take_out_mentions(connection, found)


def clear_archive(engine: Engine, data_dir: Path, file: str | None = None) -> None:
    """Write over the pages of the archive, or of one file of it, that are still to be; raises StoreError."""
    query = select(erased_places).order_by(*erased_places.primary_key)
    mine = [] if file is None else [erased_places.c.archive_file == file]
    with engine.connect() as connection:
        found = connection.execute(query.where(*mine)).all()
    for row in found:
        write_over(data_dir, Place(row.archive_file, row.archive_offset))
        here = erased_places.c.archive_file == row.archive_file, erased_places.c.archive_offset == row.archive_offset
        with writing(engine) as connection:
            connection.execute(delete(erased_places).where(*here))


def _take_out_mentions(connection: Connection, found: Found) -> None:
    """Take addresses out of what is said of other pages: that they lead there."""
    # What a site says of itself is gone with its pages; other sites do not lead to it.
    for url in sorted(found.urls) if len(found.own_pages) < _MOST_PAGES else ():
        mentions = pages.c.detail.contains(url, autoescape=True)
        connection.execute(update(pages).where(mentions).values(detail=None))


def _take_out_labels(connection: Connection, ids: Sequence[str]) -> None:
    """Delete what was said of items: votes of the same text that others share, decisions, questions to people."""
    hashes = sorted({row[0] for row in look_up(connection, _TEXT_HASHES, ids)})
    tasks = [row[0] for row in look_up(connection, _TASKS, ids)]
    for table in (labels, label_asked):
        change_all(connection, delete(table).where(among(table.c.record_id)), ids)
    change_all(connection, delete(labels).where(among(labels.c.text_hash)), hashes)
    change_all(connection, delete(review_leases).where(among(review_leases.c.task_id)), tasks)
    change_all(connection, delete(review_tasks).where(among(review_tasks.c.item_id)), ids)
