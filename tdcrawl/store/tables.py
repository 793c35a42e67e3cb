"""The schema, once: SQLAlchemy Core tables that SQLite and PostgreSQL share (migrations/ builds them)."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from tdcrawl.outcomes import Bucket
from tdcrawl.store.utc_time import UtcTime

metadata = MetaData()
WAITING = text("state = 'pending' AND leased_by IS NULL")
"""Which pages nobody reads yet."""


def record_columns() -> list[Column[Any]]:
    """Build the columns that a record has wherever it ended: kept, repeated, surplus or unlabelled."""
    return [
        Column("record_type", String(63), nullable=False),
        Column("site", String(63), nullable=False),
        Column("run_id", String(32), nullable=False),
        Column("page_id", String(32), nullable=False),
        Column("group_key", Text, nullable=False),
        Column("requested_url", Text, nullable=False),
        Column("canonical_url", Text, nullable=False),
        Column("content_hash", String(64), nullable=False),
        Column("stratum", String(63), nullable=False),
        Column("data", JSON, nullable=False),
        Column("flags", JSON, nullable=False),
        Column("scraped_at", UtcTime, nullable=False),
    ]


RECORD_COLUMNS = frozenset(column.name for column in record_columns())
"""What a record has wherever it ended, beside its id."""

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("spider", String(63), nullable=False),
    Column("site", String(63), nullable=False),
    Column("record_type", String(63), nullable=False),
    Column("code_version", String(63), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("finish_reason", String(63)),
    Column("stats", JSON),
)
pages = Table(
    "pages",
    metadata,
    Column("page_id", String(32), primary_key=True),
    Column("run_id", String(32), nullable=False, index=True),
    Column("site", String(63), nullable=False),
    Column("url", Text, nullable=False),
    Column("canonical_url", Text, nullable=False),
    # Whose turn it is: the page with the highest priority, of those the one that was found first.
    Column("host", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("request", JSON, nullable=False),
    Column("leased_by", String(32), index=True),
    Column("attempts", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(63)),
    Column("detail", Text),
    Column("permission_id", String(32)),  # what its site said of training with it when it was read
    Column("archive_file", Text),  # the page itself: in that file of the archive, from that byte on
    Column("archive_offset", BigInteger),
    Column("items_yielded", Integer, nullable=False),
    Column("items_seen_again", Integer, nullable=False),
    Column("scheduled_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
)
Index(
    "ix_pages_waiting", pages.c.run_id, pages.c.priority.desc(), pages.c.position,
    sqlite_where=WAITING, postgresql_where=WAITING,
)  # fmt: skip
outcomes = Table(
    "outcomes",
    metadata,
    Column("item_id", String(32), primary_key=True),
    Column("run_id", String(32), nullable=False, index=True),
    Column("page_id", String(32), nullable=False, index=True),
    Column("record_type", String(63), nullable=False),
    Column("site", String(63), nullable=False),
    Column("bucket", String(16), nullable=False, index=True),
    # How often a later run tried it anew: what was tried before tells nothing of what a site holds now.
    Column("reopened", Integer, nullable=False),
    Column("position", Integer),  # among what its page yielded, from 0
    # The id under which it failed, before a mended site file read it otherwise.
    Column("was", String(32)),
    Column("stage", String(63)),
    Column("reason", String(63)),
    Column("detail", Text),
    Column("at", UtcTime, nullable=False),
)
# As an expression no index is looked up for it: SQLite would look through all that is pending, whatever ids are given.
ON_ITS_WAY = (outcomes.c.bucket.concat("") == Bucket.PENDING) & outcomes.c.reason.is_(None)
"""Which items the stages have still to do with: one that is pending for a reason waits for its label."""
records = Table(
    "records",
    metadata,
    Column("record_id", String(32), primary_key=True),
    *record_columns(),
    Column("cluster_id", String(32), nullable=False),
    Column("label", String(63), nullable=False),
    Column("label_source", String(16), nullable=False),
    Column("label_confidence", Float),
    # The last word on sameness across processes; the stages only look ahead.
    UniqueConstraint("record_type", "content_hash", name="uq_records_content"),
    Index("ix_records_stratum", "record_type", "stratum"),
)
duplicates = Table(
    "duplicates",
    metadata,
    Column("item_id", String(32), primary_key=True),
    *record_columns(),
    Column("reason", String(63), nullable=False),
    Column("matched_record_id", String(32), nullable=False, index=True),
    Column("score", Float, nullable=False),
)
over_quota = Table(
    "over_quota",
    metadata,
    Column("item_id", String(32), primary_key=True),
    *record_columns(),
    Column("label", String(63)),  # none where every stratum was full before it was asked for
    Column("label_source", String(16)),
    Column("label_confidence", Float),
)
failed_records = Table(
    "failed_records",
    metadata,
    Column("item_id", String(32), primary_key=True),
    Column("run_id", String(32), nullable=False, index=True),
    Column("record_type", String(63), nullable=False),
    Column("site", String(63), nullable=False),
    Column("stage", String(63), nullable=False),
    Column("reason", String(63), nullable=False),
    Column("errors", JSON, nullable=False),
    Column("message", Text, nullable=False),
    Column("requested_url", Text, nullable=False),
    Column("canonical_url", Text),
    Column("item", JSON, nullable=False),
    Column("at", UtcTime, nullable=False),
)
contrast_pairs = Table(
    "contrast_pairs",
    metadata,
    # The smaller id comes first, so that a pair stands once.
    Column("record_id", String(32), primary_key=True),
    Column("other_id", String(32), primary_key=True, index=True),
    Column("score", Float, nullable=False),
    Column("run_id", String(32), nullable=False),
)
dedup_bands = Table(
    "dedup_bands",
    metadata,
    # Grows with every commit and is never used again: whoever knows all up to one asks for those after it.
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("record_id", String(32), nullable=False, unique=True),
    Column("record_type", String(63), nullable=False),
    Column("writer", String(32), nullable=False),
    Column("entry", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
dedup_schemes = Table(
    "dedup_schemes",
    metadata,
    Column("record_type", String(63), primary_key=True),
    Column("scheme", String(255), nullable=False),
)
quota_seats = Table(
    "quota_seats",
    metadata,
    Column("record_type", String(63), primary_key=True),
    Column("stratum", String(63), primary_key=True),
    Column("taken", Integer, nullable=False),
)
