"""A freeze leaves out what has opted out since: by its host, by its page, and by what was read last of either."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.version import export, freeze
from tdcrawl.outcomes import PageReason
from tdcrawl.store.beginning import REPLAY
from tdcrawl.store.engine import Engine, writing
from tdcrawl.store.permission_tables import left_out, permissions
from tdcrawl.store.tables import pages, records, runs
from tests.builders import NOON
from tests.datasets.test_version import SPLITS, manifest, rows

V1 = FreezePlan("v1", balance=Balance.NONE)
WHY = "robots.txt: Content-Usage train-ai=n"


def host_says(engine: Engine, day: int, *paths: str, verdict: str = "in_part", host: str = "shop.example") -> None:
    """Let a host forbid training with what lies at these paths, on a day."""
    rules = [[path, "train-ai=n", "no"] for path in paths]
    statement = {"source": "robots.txt", "place": "Content-Usage", "how": "longest", "rules": rules}
    row = {
        "permission_id": f"{host} {day}", "run_id": "run", "site": "shop", "host": host, "verdict": verdict,
        "read_at": NOON + timedelta(days=day), "files": [], "statements": [statement], "unknown": [],
        "agents": ["tdcrawl"],
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(permissions), row)


def page_ends(
    engine: Engine, day: int, state: str, reason: str | None = None, spider: str = "retailer_reviews"
) -> None:
    """Let the page at /moved be asked for again, on a day."""
    run = {"run_id": f"run {day}", "spider": spider, "site": "shop", "record_type": "review", "code_version": "1",
           "started_at": NOON, "finished_at": NOON}  # fmt: skip
    page = {
        "page_id": f"page {day}", "run_id": f"run {day}", "site": "shop", "url": "https://shop.example/moved",
        "canonical_url": "https://shop.example/moved", "host": "shop.example", "priority": 0, "position": 0,
        "request": {}, "attempts": 1, "state": state, "reason": reason,
        "detail": "meta: robots noai" if reason else None,
        "items_yielded": 0, "items_seen_again": 0, "scheduled_at": NOON, "finished_at": NOON + timedelta(days=day),
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(runs), run)
        connection.execute(insert(pages), page)


@pytest.fixture
def half(engine: Engine) -> Engine:
    """Let the half of all records, those without a date, be of a page of its own."""
    moved = {"requested_url": "https://shop.example/moved", "canonical_url": "https://shop.example/moved"}
    with writing(engine) as connection:
        ids = connection.scalars(select(records.c.record_id).order_by(records.c.scraped_at)).all()[::2]
        connection.execute(update(records).where(records.c.record_id.in_(ids)).values(moved))
    return engine


def test_what_the_host_has_closed_is_no_row_and_the_version_says_so(half: Engine, tmp_path: Path) -> None:
    host_says(half, 1, "/moved")
    frozen = freeze(half, V1, tmp_path)
    assert (frozen.rows, frozen.left_out) == (100, {"demo_store": {WHY: 100}})
    told = manifest(tmp_path / "v1")
    assert told["left_out"] == frozen.left_out
    assert sum(facts["before"] for split in told["counts"].values() for facts in split.values()) == 100
    assert told["provenance"]["sources"]["demo_store"]["records"] == 100
    assert f"| demo_store | 100 | {WHY} |" in (tmp_path / "v1" / "README.md").read_text(encoding="utf-8")
    with half.connect() as connection:
        gone = set(connection.scalars(select(left_out.c.record_id).where(left_out.c.version == "v1")))
    assert gone.isdisjoint(row["record_id"] for split in SPLITS for row in rows(tmp_path / "v1", split))
    assert export(half, "v1", tmp_path / "again").manifest_sha256 == frozen.manifest_sha256


@pytest.mark.parametrize(
    ("readings", "left"),
    [
        ([(1, ("/moved",), "in_part"), (2, (), "allowed")], 200),
        ([(1, (), "allowed"), (2, ("/",), "opted_out")], None),
        ([(1, ("/moved",), "in_part"), (2, (), "unavailable")], 100),
    ],
)
def test_the_newest_reading_of_a_host_counts(
    half: Engine, tmp_path: Path, readings: list[tuple[int, Any, str]], left: int | None
) -> None:
    for day, paths, verdict in readings:
        host_says(half, day, *paths, verdict=verdict)
    host_says(half, 9, "/", verdict="opted_out", host="other.example")
    if left is None:
        with pytest.raises(Exception, match="the sources of all 200 have opted out of training since"):
            freeze(half, V1, tmp_path)
    else:
        assert freeze(half, V1, tmp_path).rows == left


@pytest.mark.parametrize(
    ("ends", "left"),
    [
        ([(1, "skipped", PageReason.OPTED_OUT)], 100),
        ([(1, "skipped", PageReason.OPTED_OUT), (2, "done", None)], 200),
        ([(1, "skipped", PageReason.OPTED_OUT), (2, "skipped", PageReason.SUPERSEDED)], 100),
        ([(1, "skipped", PageReason.OPTED_OUT), (2, "failed", PageReason.TIMEOUT)], 100),
        ([(1, "skipped", PageReason.OPTED_OUT), (2, "done", None, REPLAY)], 100),
    ],
)
def test_the_last_word_of_a_page_counts(half: Engine, tmp_path: Path, ends: list[Any], left: int) -> None:
    for end in ends:
        page_ends(half, *end)
    frozen = freeze(half, V1, tmp_path)
    assert frozen.rows == left
    assert frozen.left_out == ({} if left == 200 else {"demo_store": {"meta: robots noai": 100}})
