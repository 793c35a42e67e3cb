"""Note where a page is archived, where an item stood on it, and under which id it failed before it was read anew."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns; what was fetched before is not in the archive."""
    op.add_column("pages", sa.Column("archive_file", sa.Text()))
    op.add_column("pages", sa.Column("archive_offset", sa.BigInteger()))
    op.add_column("outcomes", sa.Column("position", sa.Integer()))
    op.add_column("outcomes", sa.Column("was", sa.String(32)))
