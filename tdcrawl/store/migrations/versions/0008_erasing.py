"""Keep what was erased from coming back, and let its rows, no others, leave frozen versions."""

import sqlalchemy as sa
from alembic import op

from tdcrawl.store.utc_time import UtcTime

revision = "0008"
down_revision = "0007"

FROZEN = "a frozen dataset version never changes"
KEPT = "what was erased stays written down"
_KEYS = {
    "tombstones": "tombstone_id = NEW.tombstone_id OR (kind = NEW.kind AND key = NEW.key)",
    "erased_items": "item_id = NEW.item_id",
    "dataset_errata": "version = NEW.version AND number = NEW.number",
}


def upgrade() -> None:
    """Create the tables and their triggers; the one on the rows of versions is made anew."""
    _create_tables()
    if op.get_bind().dialect.name == "postgresql":
        _protect_on_postgresql()
    else:
        _protect_on_sqlite()


def _create_tables() -> None:
    op.create_table(
        "tombstones",
        sa.Column("tombstone_id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.UniqueConstraint("kind", "key", name="uq_tombstones_key"),
    )
    op.create_table(
        "erased_items",
        sa.Column("item_id", sa.String(32), primary_key=True),
        sa.Column("tombstone_id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(64)),
        sa.Column("at", UtcTime(), nullable=False),
    )
    for column in ("tombstone_id", "content_hash"):
        op.create_index(f"ix_erased_items_{column}", "erased_items", [column])
    op.create_table(
        "erased_places",
        sa.Column("archive_file", sa.Text(), primary_key=True),
        sa.Column("archive_offset", sa.BigInteger(), primary_key=True),
    )
    op.create_table(
        "dataset_errata",
        sa.Column("version", sa.String(16), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("removed_rows", sa.Integer(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("writer", sa.String(63), nullable=False),
        sa.Column("rows_sha256", sa.String(64), nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("manifest_sha256_before", sa.String(64), nullable=False),
    )


def _protect_on_sqlite() -> None:
    op.execute("DROP TRIGGER frozen_dataset_rows_delete")
    op.execute(
        "CREATE TRIGGER frozen_dataset_rows_delete BEFORE DELETE ON dataset_rows "
        "WHEN NOT EXISTS (SELECT 1 FROM erased_items WHERE item_id = OLD.record_id) "
        f"BEGIN SELECT RAISE(ABORT, '{FROZEN}'); END"
    )
    for table, key in _KEYS.items():
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER kept_{table}_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
            )
        # SQLite deletes what it replaces without asking the triggers of DELETE.
        op.execute(
            f"CREATE TRIGGER kept_{table}_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} OR rowid = NEW.rowid) "
            f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
        )


def _protect_on_postgresql() -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION tdcrawl_frozen() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN "
        "IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT 1 FROM dataset_versions WHERE version = NEW.version) "
        "THEN RETURN NEW; END IF; "
        # Nested: an expression is evaluated whole, and rows of dataset_versions have no record_id.
        "IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'dataset_rows' THEN "
        "IF EXISTS (SELECT 1 FROM erased_items WHERE item_id = OLD.record_id) THEN RETURN OLD; END IF; "
        "END IF; "
        f"RAISE EXCEPTION '{FROZEN}'; END $$"
    )
    op.execute(
        f"CREATE FUNCTION tdcrawl_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{KEPT}'; END $$"
    )
    for table in _KEYS:
        op.execute(
            f"CREATE TRIGGER kept_{table} BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION tdcrawl_kept()"
        )
        op.execute(
            f"CREATE TRIGGER kept_{table}_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION tdcrawl_kept()"
        )
