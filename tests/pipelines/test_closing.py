"""The stages at the end: each is closed, whatever another one does."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

import pytest

from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem
from tests.pipelines.conftest import Line


class Notes(Stage):
    """Note that it was closed."""

    name = "notes_first"
    closed: ClassVar[list[str]] = []

    def process_item(self, item: TrainingItem) -> TrainingItem:
        """Pass the item."""
        return item

    def close_spider(self) -> None:
        """Note it."""
        self.closed.append(self.name)


class Raises(Notes):
    """Break while it is closed."""

    name = "closes"

    def close_spider(self) -> None:
        """Break."""
        super().close_spider()
        raise OSError("no room left")


class IsCancelled(Notes):
    """Be cancelled while it is closed."""

    name = "closes"

    async def close_spider(self) -> None:  # type: ignore[override]  # Scrapy takes both
        """Raise what a cancelled future raises."""
        super().close_spider()
        raise asyncio.CancelledError


class Hangs(Notes):
    """Never be closed."""

    name = "closes"

    async def close_spider(self) -> None:  # type: ignore[override]  # Scrapy takes both
        """Wait for what never comes."""
        super().close_spider()
        await asyncio.Event().wait()


class NotesLast(Notes):
    """Note that it was closed, too."""

    name = "notes_last"


@pytest.mark.parametrize("stage", [Raises, IsCancelled, Hangs])
def test_close_when_a_stage_breaks_closes_the_others_in_order(
    open_line: Callable[..., Line], stage: type[Stage], caplog: pytest.LogCaptureFixture
) -> None:
    Notes.closed.clear()
    on = {f"TDCRAWL_{name}_ENABLED": True for name in ("NOTES_FIRST", "CLOSES", "NOTES_LAST")}
    line = open_line(ITEM_PIPELINES={NotesLast: 3, stage: 2, Notes: 1}, TDCRAWL_STAGE_SECONDS=1, **on)
    asyncio.run(line.processor.close_spider_async())
    assert Notes.closed == ["notes_last", "closes", "notes_first"]
    assert [line.stat(f"{name}/not_closed") for name in ("notes_last", "closes", "notes_first")] == [0, 1, 0]
    assert "Stage closes did not close" in caplog.text
