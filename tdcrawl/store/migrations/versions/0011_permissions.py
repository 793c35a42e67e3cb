"""Keep what sites say of training with their pages, and which records were left out of a version for it."""

import sqlalchemy as sa
from alembic import op

from tdcrawl.store.utc_time import UtcTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the tables; nothing was read of the pages there are."""
    op.create_table(
        "permissions",
        sa.Column("permission_id", sa.String(32), primary_key=True),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("page_id", sa.String(32)),
        sa.Column("of_host", sa.String(32)),
        sa.Column("read_at", UtcTime(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("statements", sa.JSON(), nullable=False),
        sa.Column("unknown", sa.JSON(), nullable=False),
        sa.Column("agents", sa.JSON(), nullable=False),
    )
    op.create_index("ix_permissions_run_id", "permissions", ["run_id"])
    op.create_index("ix_permissions_host", "permissions", ["host", "read_at"])
    op.create_table(
        "dataset_left_out",
        sa.Column("version", sa.String(16), primary_key=True),
        sa.Column("record_id", sa.String(32), primary_key=True),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.add_column("pages", sa.Column("permission_id", sa.String(32)))
