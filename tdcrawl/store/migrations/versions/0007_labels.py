"""Tell votes from decisions, and keep what waits for a label, who is asked for it, and what was spent."""

import sqlalchemy as sa
from alembic import op

from tdcrawl.store.utc_time import UtcTime

revision = "0007"
down_revision = "0006"

_VOTES = sa.text("kind = 'vote'")
_ANSWERS = sa.text("task_id IS NOT NULL")
_ABOUT_A_VOTE = (
    ("reviewer", sa.String(63)),
    ("text_hash", sa.String(64)),
    ("vote", sa.Integer()),
    ("reason", sa.Text()),
    ("error", sa.Text()),
    ("input_tokens", sa.Integer()),
    ("output_tokens", sa.Integer()),
    ("nanodollars", sa.BigInteger()),
    ("milliseconds", sa.Integer()),
    ("answer", sa.Text()),
    ("account", sa.String(32)),
    ("batch_id", sa.String(63)),
    ("task_id", sa.Integer()),
)


def upgrade() -> None:
    """Until now rules alone gave labels, and each was a decision."""
    with op.batch_alter_table("labels") as labels:
        labels.add_column(sa.Column("kind", sa.String(16), nullable=False, server_default="decision"))
        labels.alter_column("label", existing_type=sa.String(63), nullable=True)
        for name, kind in _ABOUT_A_VOTE:
            labels.add_column(sa.Column(name, kind))
    with op.batch_alter_table("labels") as labels:
        labels.alter_column("kind", existing_type=sa.String(16), server_default=None)
    op.create_index("ix_labels_account", "labels", ["account"])
    op.create_index(
        "ix_labels_votes", "labels", ["text_hash", "version", "vote"], sqlite_where=_VOTES, postgresql_where=_VOTES
    )
    for name, columns in (("answers", ["task_id", "label_id"]), ("reviewer", ["reviewer", "task_id"])):
        op.create_index(f"ix_labels_{name}", "labels", columns, sqlite_where=_ANSWERS, postgresql_where=_ANSWERS)
    with op.batch_alter_table("over_quota") as over_quota:
        over_quota.alter_column("label", existing_type=sa.String(63), nullable=True)
        over_quota.alter_column("label_source", existing_type=sa.String(16), nullable=True)
    _create_tables()


def _create_tables() -> None:
    op.create_table(
        "unlabelled",
        sa.Column("item_id", sa.String(32), primary_key=True),
        sa.Column("record_type", sa.String(63), nullable=False),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("page_id", sa.String(32), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("requested_url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("stratum", sa.String(63), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("scraped_at", UtcTime(), nullable=False),
    )
    op.create_table(
        "review_tasks",
        sa.Column("task_id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("record_type", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("decided_at", UtcTime()),
        sa.UniqueConstraint("item_id", "kind", name="uq_review_tasks_item"),
    )
    op.create_index("ix_review_tasks_open", "review_tasks", ["state", sa.text("priority DESC"), "task_id"])
    op.create_table(
        "review_leases",
        sa.Column("task_id", sa.Integer(), primary_key=True),
        sa.Column("reviewer", sa.String(63), primary_key=True),
        sa.Column("until", UtcTime(), nullable=False),
    )
    op.create_index("ix_review_leases_until", "review_leases", ["until"])
    op.create_table(
        "label_accounts",
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("nanodollars", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "label_batches",
        sa.Column("submission_id", sa.String(16), primary_key=True),
        sa.Column("batch_id", sa.String(63)),
        sa.Column("record_type", sa.String(63), nullable=False),
        sa.Column("version", sa.String(63), nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("nanodollars", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
    )
