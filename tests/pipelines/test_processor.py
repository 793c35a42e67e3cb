"""The stage processor: whatever a stage does, an item ends in one place, with the stage's name."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from tdcrawl.errors import SettingError
from tdcrawl.outcomes import AnyStageReason, Bucket, Rejection
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem
from tdcrawl.settings import ITEM_PIPELINES
from tdcrawl.store.tables import failed_records, outcomes
from tdcrawl.store.verify import check_ledger
from tests.pipelines.conftest import GOOD, Line

ON = {"TDCRAWL_BREAKS_ENABLED": True}


class Raises(Stage):
    """Break as code does."""

    name = "breaks"

    def process_item(self, item: TrainingItem) -> TrainingItem:
        """Divide by zero."""
        raise ZeroDivisionError("by zero")


class ReturnsNone(Stage):
    """Forget to return the item."""

    name = "breaks"

    def process_item(self, item: TrainingItem) -> None:
        """Return nothing."""


class IsCancelled(Stage):
    """Wait for something that was cancelled."""

    name = "breaks"

    async def process_item(self, item: TrainingItem) -> TrainingItem:
        """Raise what a cancelled future raises."""
        future: asyncio.Future[TrainingItem] = asyncio.get_running_loop().create_future()
        future.cancel()
        return await future


class Hangs(Stage):
    """Wait for what never comes."""

    name = "breaks"

    async def process_item(self, item: TrainingItem) -> TrainingItem:
        """Wait."""
        await asyncio.Event().wait()
        return item


class BreaksOnce(Stage):
    """Break on the first item only."""

    name = "breaks"
    broken = False

    def process_item(self, item: TrainingItem) -> TrainingItem:
        """Break, once."""
        if not self.broken:
            self.broken = True
            raise ZeroDivisionError
        return item


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (Raises, "breaks: ZeroDivisionError('by zero')"),
        (ReturnsNone, "breaks: TypeError('it returned NoneType, not the item')"),
        (IsCancelled, "breaks: CancelledError()"),
        (Hangs, "breaks: TimeoutError('it took longer than 1 s')"),
    ],
)
def test_process_item_when_a_stage_breaks(open_line: Callable[..., Line], stage: type[Stage], message: str) -> None:
    line = open_line(ITEM_PIPELINES={**ITEM_PIPELINES, stage: 450}, TDCRAWL_STAGE_SECONDS=1, **ON)
    assert line.run(GOOD) == ["stage_error"]
    with line.session.ledger.engine.connect() as connection:
        row = connection.execute(select(failed_records)).mappings().one()
    assert (row["stage"], row["reason"], row["message"]) == ("breaks", "stage_error", message)
    assert check_ledger(line.session.ledger.engine).problems == []
    assert line.stat("breaks/rejected/stage_error") == 1


def test_process_item_when_a_twin_of_a_failed_item_follows(open_line: Callable[..., Line]) -> None:
    line = open_line(ITEM_PIPELINES={**ITEM_PIPELINES, BreaksOnce: 450}, **ON)
    assert sorted(line.run(GOOD, {**GOOD, "date": "2026-05-01"})) == ["record", "stage_error"]


def test_process_item_when_a_near_twin_of_a_failed_item_follows(open_line: Callable[..., Line]) -> None:
    line = open_line(ITEM_PIPELINES={**ITEM_PIPELINES, BreaksOnce: 450}, **ON)
    assert line.run(GOOD, {**GOOD, "text": f"{GOOD['text']} indeed"}) == ["stage_error", "record"]


def test_process_item_when_the_last_seat_was_reserved_by_an_item_that_failed(open_line: Callable[..., Line]) -> None:
    quota = {"TDCRAWL_QUOTA": '{"positive": 1}'}
    line = open_line(ITEM_PIPELINES={**ITEM_PIPELINES, BreaksOnce: 650}, **ON, **quota)
    assert line.run(GOOD, {**GOOD, "text": "other " * 12}) == ["stage_error", "record"]


def test_process_item_when_a_rejection_quotes_personal_data_masks_it(line: Line) -> None:
    assert line.run({**GOOD, "rating": "jo@post.example"}) == ["wrong_type"]
    with line.session.ledger.engine.connect() as connection:
        told = [str(connection.execute(select(table)).mappings().all()) for table in (failed_records, outcomes)]
    assert "'value': '[email]'" in told[0]
    assert not [row for row in told if "jo@post.example" in row]


def test_process_item_when_the_crawl_itself_is_cancelled_leaves_the_item_pending(
    open_line: Callable[..., Line],
) -> None:
    class IsCancelledWithItsCrawl(Stage):
        """Be waiting when the crawl is cancelled."""

        name = "breaks"

        async def process_item(self, item: TrainingItem) -> TrainingItem:
            """Cancel the task that takes the item through the stages."""
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)
            return item

    line = open_line(ITEM_PIPELINES={**ITEM_PIPELINES, IsCancelledWithItsCrawl: 450}, **ON)
    with pytest.raises(asyncio.CancelledError):
        line.run(GOOD)
    assert check_ledger(line.session.ledger.engine).items["pending"] == 1


def test_each_stage_sees_what_the_one_before_passed(line: Line) -> None:
    line.run(GOOD, GOOD, {**GOOD, "rating": "great"}, {**GOOD, "text": "too short"})
    stages = [stage.name for stage in line.processor.middlewares]
    for stage in stages:
        assert line.stat(f"{stage}/seen") == line.stat(f"{stage}/passed") + line.stat(f"{stage}/rejected")
    for stage, after in pairwise(stages):
        assert line.stat(f"{after}/seen") == line.stat(f"{stage}/passed")
    assert (line.stat("canonicalize_url/seen"), line.stat("items/record")) == (4, 1)
    assert line.stat("write_record/passed") == line.stat("items/record") + line.stat("items/moved")


@pytest.mark.parametrize(
    ("name", "fate"),
    [
        ("CANONICALIZE_URL", "record"),
        ("VALIDATE_RECORD", "stage_error"),
        ("REDACT_PERSONAL_DATA", "record"),
        ("DROP_EXACT_DUPLICATES", "record"),
        ("DROP_NEAR_DUPLICATES", "record"),
        ("LABEL_RECORD", "stage_error"),
        ("ENFORCE_QUOTA", "record"),
    ],
)
def test_each_stage_can_be_switched_off(open_line: Callable[..., Line], name: str, fate: str) -> None:
    line = open_line(**{f"TDCRAWL_{name}_ENABLED": "false"})
    assert name.lower() not in [stage.name for stage in line.processor.middlewares]
    assert line.run(GOOD) == [fate]
    assert check_ledger(line.session.ledger.engine).balanced


def test_items_stay_pending_when_nothing_is_written(open_line: Callable[..., Line]) -> None:
    dry = open_line(TDCRAWL_WRITE_RECORD_ENABLED="false")
    dry.run(GOOD)
    assert check_ledger(dry.session.ledger.engine).items["pending"] == 1
    assert open_line().run(GOOD) == ["record"]
    assert check_ledger(dry.session.ledger.engine).items["pending"] == 0


def test_a_pipeline_that_is_no_stage_is_refused(open_line: Callable[..., Any]) -> None:
    class Foreign:
        """Be a pipeline of another project."""

        def process_item(self, item: object) -> object:
            """Do nothing."""
            return item

    with pytest.raises(SettingError, match="Foreign is no stage"):
        open_line(ITEM_PIPELINES={Foreign: 100})


def test_process_item_when_it_failed_in_an_earlier_run_counts_it_apart(line: Line) -> None:
    (item,) = line.items([{**GOOD, "rating": "great"}])
    item.reopened = True
    line.processor._count_bucket(item, Rejection(Bucket.FAILED, AnyStageReason.STAGE_ERROR, "again"))
    assert (line.stat("items/failed"), line.stat("items/failed_again")) == (1, 1)
