"""The end of a run: what was still being written counts in its figures."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tdcrawl.extensions.run_report import RunReport
from tdcrawl.outcomes import PageReason, PageRejection, PageState
from tdcrawl.spiders.retailer_reviews import RetailerReviews
from tdcrawl.store.ledger import PageRequest
from tdcrawl.store.tables import runs
from tests.crawlers import a_spider


@pytest.fixture
def spider(tmp_path: Path) -> Iterator[RetailerReviews]:
    """Open a spider of an invented shop."""
    with a_spider(tmp_path) as opened:
        yield opened


async def closing(spider: RetailerReviews) -> RunReport:
    """End two pages and, at once, the run."""
    pages = [spider.session.page_request(f"https://shop.example/{number}") for number in (1, 2)]
    await spider.session.ledger.schedule(pages)
    _end(spider, *pages)
    report = RunReport(spider.crawler)
    await report.on_closed(spider, "finished")
    return report


def _end(spider: RetailerReviews, first: PageRequest, second: PageRequest) -> None:
    spider.end_page(first.page_id)
    spider.end_page(second.page_id, PageRejection(PageState.FAILED, PageReason.TIMEOUT, "30 s"))


def test_figures_hold_the_pages_that_were_being_closed(spider: RetailerReviews) -> None:
    report = asyncio.run(closing(spider))
    with spider.session.ledger.engine.connect() as connection:
        stats: dict[str, Any] = connection.execute(select(runs.c.stats)).scalar_one()
    assert (stats["tdcrawl/pages/done"], stats["tdcrawl/pages/failed/timeout"]) == (1, 1)
    assert report.verdict is not None
    assert report.verdict.warnings == [
        "no record was kept:",
        "  1 pages failed (timeout)",
        "  1 pages were read and the reader found no new item on them",
    ]
    assert stats["tdcrawl/failures"] == report.verdict.failures
    assert stats["tdcrawl/failures"] == ["0 believable records were found; the site's min_records is 1"]
