"""Keep with each page what it takes to read it, and who reads it."""

import sqlalchemy as sa
from alembic import op

from tdcrawl.store.utc_time import UtcTime

revision = "0004"
down_revision = "0003"

WAITING = sa.text("state = 'pending' AND leased_by IS NULL")


def upgrade() -> None:
    """Add the frontier; a page that an earlier version left pending is read as any other, once its run is taken up."""
    for column in (
        sa.Column("host", sa.Text(), nullable=False, server_default=""),
        sa.Column("priority", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("position", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("request", sa.JSON(), nullable=False, server_default='{"callback": "parse", "meta": {"turned": 0}}'),
        sa.Column("leased_by", sa.String(length=32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("pages", column)
    op.create_index("ix_pages_leased_by", "pages", ["leased_by"])
    op.create_index(
        "ix_pages_waiting", "pages", ["run_id", sa.text("priority DESC"), "position"],
        sqlite_where=WAITING, postgresql_where=WAITING,
    )  # fmt: skip
    # A run may have several processes now, each of which knows what it has written itself.
    op.execute("ALTER TABLE dedup_bands RENAME COLUMN run_id TO writer")
    op.create_table(
        "workers",
        sa.Column("worker_id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("machine", sa.Text(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("worker_id"),
    )
    op.create_index("ix_workers_run_id", "workers", ["run_id"])
    op.create_table(
        "hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("host"),
    )
    op.create_index("ix_hosts_worker_id", "hosts", ["worker_id"])
