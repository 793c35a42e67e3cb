"""What protects frozen versions in the database, as the migrations make it: columns, triggers, rules, privileges."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, text

from tdcrawl.store.dataset_tables import dataset_rows, dataset_versions
from tdcrawl.store.engine import create_schema
from tdcrawl.store.erasure_tables import dataset_errata, erased_items, tombstones

Made = dict[str, str]
"""What there is, by what it is called, and what it does."""

_TABLES = [table.name for table in (dataset_rows, dataset_versions, dataset_errata, tombstones, erased_items)]
_PRISTINE = "tdcrawl_pristine"
_ON_SQLITE = (
    "SELECT 'trigger ' || name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table",
    """SELECT 'column ' || :table || '.' || name, json_array(type, "notnull", dflt_value, pk)
       FROM pragma_table_info(:table)""",
)
# A disabled trigger protects nothing ('O' and 'A' fire in an ordinary session).
_ON_POSTGRESQL = (
    """SELECT 'trigger ' || tgname, pg_get_triggerdef(pg_trigger.oid, true) || prosrc
       FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
       WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgrelid = to_regclass(:table)""",
    "SELECT 'rule ' || rulename, pg_get_ruledef(oid, true) FROM pg_rewrite WHERE ev_class = to_regclass(:table)",
    """SELECT 'column ' || :table || '.' || attname, format_type(atttypid, atttypmod) || attnotnull
       FROM pg_attribute WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped""",
    """SELECT 'right of ' || CASE grantee WHEN 0 THEN 'everybody' WHEN relowner THEN 'the owner'
       ELSE grantee::regrole::text END || ' to ' || privilege_type || ' ' || :table, ''
       FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner)))
       WHERE pg_class.oid = to_regclass(:table) AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')""",
)
# By the version of the database, which says how it tells things.
_made = dict[str, Made]()


def changes(engine: Engine, connection: Connection) -> list[str]:
    """List what protects frozen versions and is gone, another, or was added since it was made."""
    server = f"{engine.dialect.name} {connection.dialect.server_version_info}"
    made, there = _made.get(server) or _made.setdefault(server, _make(engine)), _told(connection)
    gone = [f"the {name} is gone or disabled" for name in made.keys() - there.keys()]
    added = [f"the {name} was added" for name in there.keys() - made.keys()]
    others = [f"the {name} was changed" for name in made.keys() & there.keys() if made[name] != there[name]]
    return sorted([*gone, *added, *others])


@contextmanager
def rows_may_leave(connection: Connection) -> Iterator[None]:
    """Give this transaction the right to delete rows of versions, which the triggers still judge one by one."""
    is_postgresql = connection.dialect.name == "postgresql"
    if is_postgresql:
        connection.execute(text(f"GRANT DELETE ON {dataset_rows.name} TO CURRENT_USER"))
    yield
    # No matter how it ends otherwise: what is rolled back has granted nothing.
    if is_postgresql:
        connection.execute(text(f"REVOKE DELETE ON {dataset_rows.name} FROM CURRENT_USER"))


def _told(connection: Connection) -> Made:
    queries = _ON_SQLITE if connection.dialect.name == "sqlite" else _ON_POSTGRESQL
    return {
        name: does
        for table in _TABLES
        for query in queries
        for name, does in connection.execute(text(query), {"table": table})
    }


def _make(engine: Engine) -> Made:
    """Make everything once more, look at it, and let it go."""
    if engine.dialect.name == "sqlite":
        pristine = create_engine("sqlite://")
        with pristine.begin() as connection:
            create_schema(connection)
            made = _told(connection)
        pristine.dispose()
        return made
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text(f"CREATE SCHEMA {_PRISTINE}"))
        connection.execute(text(f"SET LOCAL search_path TO {_PRISTINE}"))
        create_schema(connection)
        made = _told(connection)
        transaction.rollback()
    return made
