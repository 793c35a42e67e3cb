"""The tables of what was erased and must not come back, in the schema of tables.py; none holds any of it."""

from sqlalchemy import JSON, BigInteger, Column, Integer, String, Table, Text, UniqueConstraint

from tdcrawl.store.tables import metadata
from tdcrawl.store.utc_time import UtcTime

tombstones = Table(
    "tombstones",
    metadata,
    # Insert only, as all of these but `erased_places`: see migration 0008.
    Column("tombstone_id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    # A record's id, the keyed hash of an author's name, the SHA-256 of an address, or a site's name.
    Column("key", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("why", Text),
    Column("counts", JSON, nullable=False),
    UniqueConstraint("kind", "key", name="uq_tombstones_key"),
)
erased_items = Table(
    "erased_items",
    metadata,
    # The rows of these, and of no others, may leave a frozen version.
    Column("item_id", String(32), primary_key=True),
    Column("tombstone_id", Integer, nullable=False, index=True),
    Column("content_hash", String(64), index=True),  # none where it never was a record
    Column("at", UtcTime, nullable=False),
)
erased_places = Table(
    "erased_places",
    metadata,
    # Pages of the archive that are still to be written over; a row goes once that is done.
    Column("archive_file", Text, primary_key=True),
    Column("archive_offset", BigInteger, primary_key=True),
)
dataset_errata = Table(
    "dataset_errata",
    metadata,
    # What a version is since rows were taken out of it; dataset_versions says what it was.
    Column("version", String(16), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("removed_rows", Integer, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("writer", String(63), nullable=False),
    Column("rows_sha256", String(64), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("manifest_sha256_before", String(64), nullable=False),
)
