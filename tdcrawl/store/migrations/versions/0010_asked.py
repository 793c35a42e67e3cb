"""Note which votes are being asked for, and by whom, so that no two processes buy the same one."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the table; nothing is under way."""
    op.create_table(
        "label_asked",
        sa.Column("text_hash", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(63), primary_key=True),
        sa.Column("vote", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.String(32), nullable=False, index=True),
        sa.Column("holder", sa.String(32), nullable=False),
    )
