"""The tables of who reads what, in the schema of tables.py."""

from sqlalchemy import Column, Integer, String, Table, Text

from tdcrawl.store.tables import metadata
from tdcrawl.store.utc_time import UtcTime

workers = Table(
    "workers",
    metadata,
    Column("worker_id", String(32), primary_key=True),
    Column("run_id", String(32), nullable=False, index=True),
    Column("machine", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)
hosts = Table(
    "hosts",
    metadata,
    # A host is read by one worker at a time: politeness is owed to the host, by all workers together.
    Column("host", Text, primary_key=True),
    Column("worker_id", String(32), nullable=False, index=True),
)
