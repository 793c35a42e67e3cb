"""A rejection that cannot be written: the item fails plainly, or stays pending with its page, and the log says so."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tdcrawl.records.base import Raw, TrainingItem
from tdcrawl.records.failed import Hiding
from tdcrawl.store.tables import failed_records, outcomes
from tdcrawl.store.verify import check_ledger
from tests.pipelines.conftest import GOOD, Line

BAD = {**GOOD, "rating": "great", "text": "Secret words " * 6}


def test_process_item_when_the_product_holds_what_no_database_can(line: Line) -> None:
    assert line.run({**GOOD, "product_id": "17\ud800\x00"}, {**BAD, "product_id": "\udc00"}) == ["record", "wrong_type"]
    assert check_ledger(line.session.ledger.engine).problems == []


def test_process_item_when_its_evidence_cannot_be_written_fails_plainly(
    line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unwritable(*_: Any) -> dict[str, Any]:
        return {"errors": [], "message": "Secret words \ud800", "item": {}}

    monkeypatch.setattr(Hiding, "evidence", unwritable)
    assert line.run(BAD) == ["stage_error"]
    with line.session.ledger.engine.connect() as connection:
        row = connection.execute(select(failed_records)).mappings().one()
    assert (row["stage"], row["reason"], row["item"]) == ("validate_record", "stage_error", {})
    assert row["message"] == "validate_record: not written: UnicodeEncodeError"
    assert check_ledger(line.session.ledger.engine).problems == []
    assert line.stat("items/failed") == line.stat("validate_record/rejected/stage_error") == 1
    assert "Secret words" not in caplog.text


def test_process_item_when_no_outcome_can_be_written_leaves_item_and_page_pending(
    open_line: Callable[..., Line], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    line = open_line()
    original = line.items

    def unwritable(raws: list[Raw]) -> list[TrainingItem]:
        items = original(raws)
        items[0].requested_url = "https://shop.example/Secret words \ud800"
        return items

    monkeypatch.setattr(line, "items", unwritable)
    assert line.run(BAD) == ["its outcome cannot be written"]
    with line.session.ledger.engine.connect() as connection:
        (outcome,) = connection.execute(select(outcomes)).mappings()
    assert outcome["bucket"] == "pending"
    assert outcome["page_id"] in line.session.left_pending
    assert f"item {outcome['item_id']} stays pending" in caplog.text
    assert "Secret words" not in caplog.text
