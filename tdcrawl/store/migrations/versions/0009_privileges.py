"""On PostgreSQL, take the right to change what is frozen from everybody, its owner too."""

from alembic import op

revision = "0009"
down_revision = "0008"

_TABLES = ("dataset_rows", "dataset_versions", "dataset_errata", "tombstones", "erased_items")


def upgrade() -> None:
    """Revoke what rewrites or deletes rows; an erasure gives itself the right for as long as it takes."""
    if op.get_bind().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON {table} FROM PUBLIC, CURRENT_USER")
