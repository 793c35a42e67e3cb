"""Create the first schema: the ledger, the records, and frozen versions that refuse every change."""

import sqlalchemy as sa
from alembic import op

from tdcrawl.store.utc_time import UtcTime

revision = "0001"
down_revision = None

FROZEN = "a frozen dataset version never changes"
GUARDED = ("dataset_rows", "dataset_versions")


def upgrade() -> None:
    """Create all tables, then the triggers that protect what is frozen."""
    create_tables()
    if op.get_bind().dialect.name == "postgresql":
        protect_on_postgresql()
    else:
        protect_on_sqlite()


def create_tables() -> None:
    """Create the tables as they were in version 0.1.0."""
    op.create_table(
        "dataset_rows",
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("split", sa.String(length=16), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("version", "record_id"),
    )
    op.create_table(
        "dataset_versions",
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("record_type", sa.String(length=63), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("rows_sha256", sa.String(length=64), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "duplicates",
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("record_type", sa.String(length=63), nullable=False),
        sa.Column("site", sa.String(length=63), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("page_id", sa.String(length=32), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("requested_url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("stratum", sa.String(length=63), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("scraped_at", UtcTime(), nullable=False),
        sa.Column("reason", sa.String(length=63), nullable=False),
        sa.Column("matched_record_id", sa.String(length=32), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("item_id"),
    )
    op.create_index(("ix_duplicates_matched_record_id"), "duplicates", ["matched_record_id"], unique=False)
    op.create_table(
        "failed_records",
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("record_type", sa.String(length=63), nullable=False),
        sa.Column("site", sa.String(length=63), nullable=False),
        sa.Column("stage", sa.String(length=63), nullable=False),
        sa.Column("reason", sa.String(length=63), nullable=False),
        sa.Column("errors", sa.JSON(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("requested_url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=True),
        sa.Column("item", sa.JSON(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("item_id"),
    )
    op.create_index(("ix_failed_records_run_id"), "failed_records", ["run_id"], unique=False)
    op.create_table(
        "labels",
        sa.Column("label_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=63), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=63), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("label_id"),
    )
    op.create_index(("ix_labels_record_id"), "labels", ["record_id"], unique=False)
    op.create_table(
        "outcomes",
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("page_id", sa.String(length=32), nullable=False),
        sa.Column("record_type", sa.String(length=63), nullable=False),
        sa.Column("site", sa.String(length=63), nullable=False),
        sa.Column("bucket", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=63), nullable=True),
        sa.Column("reason", sa.String(length=63), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("item_id"),
    )
    op.create_index(("ix_outcomes_bucket"), "outcomes", ["bucket"], unique=False)
    op.create_index(("ix_outcomes_page_id"), "outcomes", ["page_id"], unique=False)
    op.create_index(("ix_outcomes_run_id"), "outcomes", ["run_id"], unique=False)
    op.create_table(
        "over_quota",
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("record_type", sa.String(length=63), nullable=False),
        sa.Column("site", sa.String(length=63), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("page_id", sa.String(length=32), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("requested_url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("stratum", sa.String(length=63), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("scraped_at", UtcTime(), nullable=False),
        sa.Column("label", sa.String(length=63), nullable=False),
        sa.Column("label_source", sa.String(length=16), nullable=False),
        sa.Column("label_confidence", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("item_id"),
    )
    op.create_table(
        "pages",
        sa.Column("page_id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("site", sa.String(length=63), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=63), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("items_yielded", sa.Integer(), nullable=False),
        sa.Column("items_seen_again", sa.Integer(), nullable=False),
        sa.Column("scheduled_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("page_id"),
    )
    op.create_index(("ix_pages_run_id"), "pages", ["run_id"], unique=False)
    op.create_table(
        "quota_seats",
        sa.Column("record_type", sa.String(length=63), nullable=False),
        sa.Column("stratum", sa.String(length=63), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("record_type", "stratum"),
    )
    op.create_table(
        "records",
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("record_type", sa.String(length=63), nullable=False),
        sa.Column("site", sa.String(length=63), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("page_id", sa.String(length=32), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("requested_url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("stratum", sa.String(length=63), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("scraped_at", UtcTime(), nullable=False),
        sa.Column("cluster_id", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=63), nullable=False),
        sa.Column("label_source", sa.String(length=16), nullable=False),
        sa.Column("label_confidence", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("record_id"),
        sa.UniqueConstraint("record_type", "content_hash", name="uq_records_content"),
    )
    op.create_index("ix_records_stratum", "records", ["record_type", "stratum"], unique=False)
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("spider", sa.String(length=63), nullable=False),
        sa.Column("site", sa.String(length=63), nullable=False),
        sa.Column("record_type", sa.String(length=63), nullable=False),
        sa.Column("code_version", sa.String(length=63), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("finish_reason", sa.String(length=63), nullable=True),
        sa.Column("stats", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("run_id"),
    )
    # ### end Alembic commands ###


def protect_on_sqlite() -> None:
    """Refuse UPDATE and DELETE on frozen versions, and rows added to a version that exists."""
    for table in GUARDED:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER frozen_{table}_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{FROZEN}'); END"
            )
    op.execute(
        "CREATE TRIGGER frozen_dataset_rows_insert BEFORE INSERT ON dataset_rows "
        "WHEN EXISTS (SELECT 1 FROM dataset_versions WHERE version = NEW.version) "
        f"BEGIN SELECT RAISE(ABORT, '{FROZEN}'); END"
    )


def protect_on_postgresql() -> None:
    """Refuse UPDATE, DELETE and TRUNCATE on frozen versions, and rows added to a version that exists."""
    op.execute(
        "CREATE FUNCTION tdcrawl_frozen() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN "
        "IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT 1 FROM dataset_versions WHERE version = NEW.version) "
        "THEN RETURN NEW; END IF; "
        f"RAISE EXCEPTION '{FROZEN}'; END $$"
    )
    for table in GUARDED:
        op.execute(
            f"CREATE TRIGGER frozen_{table} BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION tdcrawl_frozen()"
        )
        op.execute(
            f"CREATE TRIGGER frozen_{table}_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION tdcrawl_frozen()"
        )
    op.execute(
        "CREATE TRIGGER frozen_dataset_rows_insert BEFORE INSERT ON dataset_rows "
        "FOR EACH ROW EXECUTE FUNCTION tdcrawl_frozen()"
    )
