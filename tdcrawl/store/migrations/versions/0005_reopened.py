"""Note which items were tried anew: a run's shares are those of the items that are new in it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the count; of what was tried anew before, nothing is known."""
    op.add_column("outcomes", sa.Column("reopened", sa.Integer(), nullable=False, server_default="0"))
