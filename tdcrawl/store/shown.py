"""What is kept of an item to show, to people and to models, wherever it is."""

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import ColumnElement, Connection, Table, select

from tdcrawl.store.label_tables import unlabelled
from tdcrawl.store.look_up import among, look_up
from tdcrawl.store.rows import Row
from tdcrawl.store.tables import duplicates, over_quota, records

KEPT: Mapping[Table, ColumnElement[str]] = {
    unlabelled: unlabelled.c.item_id,
    records: records.c.record_id,
    over_quota: over_quota.c.item_id,
    duplicates: duplicates.c.item_id,
}
"""Where the text of an item is kept; that of a failed one is in `failed_records`, and nobody is asked about it."""


def shown_row(connection: Connection, item_id: str) -> Row | None:
    """Read what is kept of an item, wherever it is."""
    return next((row for _, row in shown_rows(connection, [item_id])), None)


def shown_rows(connection: Connection, item_ids: Collection[str]) -> Iterator[tuple[str, Row]]:
    """Read what is kept of items, each with its id; those of which nothing is kept are passed over."""
    for table, key in KEPT.items():
        for row in look_up(connection, select(table).where(among(key)), list(item_ids)):
            yield row._mapping[key], dict(row._mapping)  # noqa: SLF001 - its name
