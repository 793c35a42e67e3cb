"""The sites that were crawled, and how their last runs went."""

from typing import Any

from sqlalchemy import Engine, select

from tdcrawl.store.tables import runs


def last_runs(engine: Engine) -> dict[str, dict[str, Any]]:
    """Find the newest run of each site, by the site's name."""
    with engine.connect() as connection:
        rows = connection.execute(select(runs).order_by(runs.c.started_at)).mappings()
        return {row["site"]: dict(row) for row in rows}
