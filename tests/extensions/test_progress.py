"""The progress line: the figures of a run, and a bar for each quota."""

import asyncio
from io import StringIO
from pathlib import Path

from rich.console import Console

from tdcrawl.extensions.progress import Progress, progress_line
from tdcrawl.store.engine import writing
from tdcrawl.store.seats import Seats
from tests.crawlers import a_spider


def test_progress_line_when_nothing_has_happened() -> None:
    assert progress_line({}, {}, {}) == "pages 0/0 · accepted 0 · duplicate 0 · failed 0 · over_quota 0"


def test_progress_line_shows_pages_items_and_quotas() -> None:
    stats = {
        "tdcrawl/pages/scheduled": 40, "tdcrawl/pages/done": 10, "tdcrawl/pages/failed": 2, "tdcrawl/pages/skipped": 1,
        "tdcrawl/items/record": 150, "tdcrawl/items/duplicate": 12, "tdcrawl/items/failed": 4,
        "tdcrawl/items/over_quota": 7, "tdcrawl/strata/positive": 100, "tdcrawl/strata/negative": 50,
    }  # fmt: skip
    assert progress_line(stats, {"positive": 100, "negative": 200, "neutral": 0}, {}) == (
        "pages 13/40 · accepted 150 · duplicate 12 · failed 4 · over_quota 7"
        " · positive ██████████ 100/100 · negative ██░░░░░░░░ 50/200 · neutral ██████████ 0/0"
    )


def test_progress_line_counts_the_seats_of_earlier_runs() -> None:
    line = progress_line(
        {"tdcrawl/strata/positive": 5}, {"positive": 10, "negative": 4}, {"positive": 3, "negative": 2}
    )
    assert line.endswith("positive ████████░░ 8/10 · negative █████░░░░░ 2/4")


def test_progress_begins_with_the_seats_of_the_database(tmp_path: Path) -> None:
    async def opened(progress: Progress) -> None:
        progress.on_opened()
        progress.on_closed()

    with a_spider(tmp_path, TDCRAWL_QUOTA='{"positive": 10}') as spider:
        with writing(spider.session.ledger.engine) as connection:
            seats = Seats(connection, "review", {})
            seats.change("positive", 3)
            seats.write()
        console = Console(file=StringIO(), width=200)
        progress = Progress(spider.crawler, console)
        asyncio.run(opened(progress))
        progress._show()
    assert isinstance(console.file, StringIO)
    assert console.file.getvalue().endswith("positive ███░░░░░░░ 3/10\n")
