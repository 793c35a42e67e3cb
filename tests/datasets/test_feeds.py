"""The exports of a run: what failed and what was kept, from the ledger."""

import asyncio
import fcntl
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdcrawl.datasets import feeds
from tdcrawl.datasets.feeds import export_run
from tdcrawl.outcomes import Bucket, FieldError, Rejection, ValidateReason
from tdcrawl.records.columns import Row
from tdcrawl.records.failed import Hiding
from tdcrawl.records.review import REVIEW
from tdcrawl.store.ledger import Ledger, PageRequest
from tests.builders import NOON, a_run, an_item, terms
from tests.waiting import wait_until


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """Write a run with one record and one failure that quotes personal data."""
    ledger = Ledger.open(database_url, a_run())
    good, bad = an_item("good"), an_item("bad")
    bad.raw = {"author": "Jo Invented", "text": "write to jo@post.example", "rating": "great"}
    error = FieldError("rating", ValidateReason.WRONG_TYPE, "'jo@post.example' is no number", "jo@post.example")
    hiding = Hiding(bad, REVIEW, b"k" * 32)
    why = hiding.rejection(Rejection(Bucket.FAILED, error.reason, f"rating: {error.message}", fields=[error]))

    async def crawl() -> None:
        await ledger.schedule([PageRequest("page-1", good.requested_url, "https://shop.example/product/17")])
        await ledger.take("page-1", [good, bad], 0)
        await ledger.accept(good, terms(ledger.engine))
        await ledger.reject(bad, terms(ledger.engine), "validate_record", why, hiding.evidence(why))

    asyncio.run(crawl())
    ledger.finish("finished", {})
    yield ledger
    ledger.engine.dispose()


def test_failed_records_tell_what_was_wrong_and_mask_persons(ledger: Ledger, tmp_path: Path) -> None:
    failed, _ = export_run(ledger.engine, "run-1", REVIEW, tmp_path)
    (line,) = [json.loads(line) for line in failed.read_text().splitlines()]
    assert (line["stage"], line["reason"], line["site"], line["run_id"]) == (
        "validate_record", "wrong_type", "demo_store", "run-1",
    )  # fmt: skip
    assert line["errors"] == [
        {"field": "rating", "reason": "wrong_type", "message": "'[email]' is no number", "value": "[email]"}
    ]
    assert line["requested_url"] == "https://shop.example/product/17?ref=home"
    assert line["canonical_url"] == "https://shop.example/product/17"
    assert line["item"]["text"] == "write to [email]"
    assert line["item"]["author"].startswith("person:")
    assert "Invented" not in failed.read_text()
    assert "post.example" not in failed.read_text()


def test_records_are_typed_rows_of_the_run(ledger: Ledger, tmp_path: Path) -> None:
    _, records = export_run(ledger.engine, "run-1", REVIEW, tmp_path)
    table = pq.read_table(records)
    (row,) = table.to_pylist()
    assert (row["record_id"], row["rating"], row["label"]) == (an_item("good").item_id, 5.0, "positive")
    assert row["scraped_at"] == NOON
    assert "split" not in table.column_names
    assert table.schema.field("reviewed_at").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("language").type == pa.string()


def test_export_when_the_run_was_exported_already_takes_its_place(ledger: Ledger, tmp_path: Path) -> None:
    first = [path.read_bytes() for path in export_run(ledger.engine, "run-1", REVIEW, tmp_path)]
    (tmp_path / "runs" / ".run-1.tmp-0123abcd").mkdir()
    assert [path.read_bytes() for path in export_run(ledger.engine, "run-1", REVIEW, tmp_path)] == first
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["run-1"]


def test_export_when_another_run_kept_more_holds_this_run_alone(ledger: Ledger, tmp_path: Path) -> None:
    Ledger(ledger.engine, a_run("run-2")).finish("finished", {})
    failed, records = export_run(ledger.engine, "run-2", REVIEW, tmp_path)
    assert (failed.read_text(), pq.read_table(records).num_rows) == ("", 0)


def test_export_when_another_process_exports_the_run_waits_for_it(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export() -> list[Path]:
        return export_run(ledger.engine, "run-1", REVIEW, tmp_path)

    lines, lock, waits = feeds._write_lines, fcntl.flock, Event()

    def ask(*asked: int) -> None:
        waits.set()
        lock(*asked)

    def begin_another(path: Path, rows: Iterable[Row]) -> None:
        monkeypatch.setattr(feeds, "_write_lines", lines)
        monkeypatch.setattr(fcntl, "flock", ask)
        others.append(pool.submit(export))
        wait_until(lambda: waits.is_set() or others[0].done())
        lines(path, rows)

    monkeypatch.setattr(feeds, "_write_lines", begin_another)
    others = list[Future[list[Path]]]()
    with ThreadPoolExecutor(1) as pool:
        written = export()
        assert others[0].result() == written
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["run-1"]
    assert pq.read_table(tmp_path / "runs" / "run-1" / "records.parquet").num_rows == 1
