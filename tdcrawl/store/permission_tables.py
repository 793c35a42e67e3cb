"""The tables of what sites say of training with their pages, in the schema of tables.py."""

from sqlalchemy import JSON, Column, Index, String, Table, Text

from tdcrawl.store.tables import metadata
from tdcrawl.store.utc_time import UtcTime

permissions = Table(
    "permissions",
    metadata,
    Column("permission_id", String(32), primary_key=True),
    Column("run_id", String(32), nullable=False, index=True),
    Column("site", String(63), nullable=False),
    Column("host", Text, nullable=False),
    # Of a page that says more than its host does: which, and what was read of the host. No address: it may be erased.
    Column("page_id", String(32)),
    Column("of_host", String(32)),
    Column("read_at", UtcTime, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("files", JSON, nullable=False),
    Column("statements", JSON, nullable=False),
    Column("unknown", JSON, nullable=False),
    Column("agents", JSON, nullable=False),
    Index("ix_permissions_host", "host", "read_at"),
)
left_out = Table(
    "dataset_left_out",
    metadata,
    # Which records are no rows of a version because their site has opted out since they were collected.
    Column("version", String(16), primary_key=True),
    Column("record_id", String(32), primary_key=True),
    Column("why", Text, nullable=False),
)
