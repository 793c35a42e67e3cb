"""Keep the near-duplicate index and the contrast pairs beside the records."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables; records from before are signed when the next crawl opens the database."""
    op.create_table(
        "contrast_pairs",
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("other_id", sa.String(length=32), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "other_id"),
    )
    op.create_index("ix_contrast_pairs_other_id", "contrast_pairs", ["other_id"], unique=False)
    op.create_table(
        "dedup_bands",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("record_type", sa.String(length=63), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("record_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "dedup_schemes",
        sa.Column("record_type", sa.String(length=63), nullable=False),
        sa.Column("scheme", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("record_type"),
    )
