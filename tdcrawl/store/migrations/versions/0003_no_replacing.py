"""Refuse REPLACE on frozen versions: SQLite deletes what it replaces without asking the triggers of DELETE."""

from alembic import op

revision = "0003"
down_revision = "0002"

FROZEN = "a frozen dataset version never changes"
GUARDED = ("dataset_rows", "dataset_versions")


def upgrade() -> None:
    """Refuse rows that would take the place of others, by their key or by their rowid; PostgreSQL has no REPLACE."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in GUARDED:
        # Without an explicit one, NEW.rowid is -1 here. The triggers of 0001 refuse rows added to a version.
        op.execute(
            f"CREATE TRIGGER frozen_{table}_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE rowid = NEW.rowid) "
            f"BEGIN SELECT RAISE(ABORT, '{FROZEN}'); END"
        )
    op.execute(
        "CREATE TRIGGER frozen_dataset_versions_insert BEFORE INSERT ON dataset_versions "
        "WHEN EXISTS (SELECT 1 FROM dataset_versions WHERE version = NEW.version) "
        f"BEGIN SELECT RAISE(ABORT, '{FROZEN}'); END"
    )
