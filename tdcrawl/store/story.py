"""One record's whole story, as the tables tell it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, or_, select

from tdcrawl.errors import StoreError
from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.erasure_tables import erased_items, tombstones
from tdcrawl.store.errata import errata_of
from tdcrawl.store.label_tables import labels, review_tasks, unlabelled
from tdcrawl.store.permission_tables import left_out
from tdcrawl.store.permissions import story_of
from tdcrawl.store.tables import contrast_pairs, duplicates, failed_records, outcomes, over_quota, pages, records, runs

Story = dict[str, Any]


def tell(engine: Engine, item_id: str) -> Story:
    """Collect all that is known of an item, by its id or a beginning of it that no other has; raises StoreError."""
    with engine.connect() as connection:
        outcome = _outcome(connection, item_id)
        whole = outcome["item_id"]
        if erased := _erased(connection, whole):
            return {"item_id": whole, "erased": erased}
        return {
            "item_id": whole,
            "erased": None,
            "outcome": outcome,
            "run": _rows(connection, runs, runs.c.run_id == outcome["run_id"])[0],
            "permissions": story_of(connection, _permission_id(connection, outcome["page_id"])),
            "left_out": _rows(connection, left_out, left_out.c.record_id == whole),
            "page": _rows(connection, pages, pages.c.page_id == outcome["page_id"])[0],
            "record": _one(connection, records, records.c.record_id == whole),
            "duplicate": _one(connection, duplicates, duplicates.c.item_id == whole),
            "failed_record": _one(connection, failed_records, failed_records.c.item_id == whole),
            "over_quota": _one(connection, over_quota, over_quota.c.item_id == whole),
            "unlabelled": _one(connection, unlabelled, unlabelled.c.item_id == whole),
            "review": _rows(connection, review_tasks, review_tasks.c.item_id == whole),
            "contrasts": _rows(
                connection, contrast_pairs, or_(contrast_pairs.c.record_id == whole, contrast_pairs.c.other_id == whole)
            ),
            "labels": _rows(connection, labels, labels.c.record_id == whole),
            "copies": _rows(connection, duplicates, duplicates.c.matched_record_id == whole),
            "versions": _frozen(connection, whole),
        }


def _permission_id(connection: Connection, page_id: str) -> str | None:
    found: str | None = connection.scalar(select(pages.c.permission_id).where(pages.c.page_id == page_id))
    return found


def _erased(connection: Connection, item_id: str) -> dict[str, Any] | None:
    """Say when an item was erased, and why: nothing else is known of it."""
    query = select(erased_items.c.at, tombstones.c.kind, tombstones.c.why)
    joined = erased_items.join(tombstones, tombstones.c.tombstone_id == erased_items.c.tombstone_id)
    found = connection.execute(query.select_from(joined).where(erased_items.c.item_id == item_id)).mappings().first()
    return dict(found) if found else None


def _frozen(connection: Connection, record_id: str) -> Sequence[dict[str, Any]]:
    """Find a record in the frozen versions, each with how often rows were taken out of it."""
    errata = errata_of(connection)
    rows = _rows(connection, dataset_rows, dataset_rows.c.record_id == record_id)
    return [{**row, "errata": len(errata.get(row["version"], []))} for row in rows]


def _outcome(connection: Connection, beginning: str) -> dict[str, Any]:
    here = or_(*(column.startswith(beginning, autoescape=True) for column in (outcomes.c.item_id, outcomes.c.was)))
    found = connection.execute(select(outcomes).where(here).order_by(outcomes.c.item_id).limit(2)).mappings().all()
    if not found:
        raise StoreError(f"no item has an id that begins with {beginning!r}; ids stand in the feeds and exports")
    if len(found) > 1:
        these = " and ".join(row["item_id"] for row in found)
        raise StoreError(f"more than one item has an id that begins with {beginning!r} ({these}): give more of it")
    return dict(found[0])


def _rows(connection: Connection, table: Table, where: Any) -> Sequence[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table).where(where)).mappings()]


def _one(connection: Connection, table: Table, where: Any) -> dict[str, Any] | None:
    found = _rows(connection, table, where)
    return found[0] if found else None
