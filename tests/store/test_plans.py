"""How the database finds what is written about: by its ids, however many others wait."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, event

from tdcrawl.store import page_writes, redirects, refusing, settling
from tdcrawl.store.engine import open_engine

IDS = [f"{number:032x}" for number in range(500)]


@pytest.mark.parametrize(
    "asked", [settling._PENDING, refusing._OPEN, refusing._FINAL, page_writes._KNOWN, page_writes._OPEN_PAGES,
              redirects.KNOWN_PAGES],
)  # fmt: skip
def test_sqlite_looks_up_nothing_but_the_ids_when_many_are_given(asked: Select[Any], tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db")
    plans: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        plans.extend(step for *_, step in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    with engine.connect() as connection:
        connection.execute(asked, {"ids": IDS})
    engine.dispose()
    assert plans[0].endswith(("(item_id=?)", "(page_id=?)"))
