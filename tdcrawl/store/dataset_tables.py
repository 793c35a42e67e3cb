"""The tables of frozen datasets, in the schema of tables.py."""

from sqlalchemy import JSON, Column, Integer, String, Table, Text

from tdcrawl.store.tables import metadata
from tdcrawl.store.utc_time import UtcTime

dataset_versions = Table(
    "dataset_versions",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("record_type", String(63), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("rows_sha256", String(64), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("location", Text, nullable=False),
)
dataset_rows = Table(
    "dataset_rows",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("record_id", String(32), primary_key=True),
    Column("split", String(16), nullable=False),
    Column("data", JSON, nullable=False),
)
