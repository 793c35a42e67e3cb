"""The end of a run: what was still being written counts in its figures, and what is strange about it is kept."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tdcrawl.drift import LEAST
from tdcrawl.extensions.run_report import RunReport
from tdcrawl.outcomes import AnyStageReason, Bucket, PageReason, PageRejection, PageState, Rejection
from tdcrawl.spiders.retailer_reviews import RetailerReviews
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.overview import ALARMS, EXPECTED, SHARES
from tdcrawl.store.tables import runs
from tests.crawlers import SITE, a_spider


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
        "50.0% of the pages failed; the site's max_failed_page_share is 25.0%",
        "no record was kept:",
        "  1 pages failed (timeout)",
        "  1 pages were read and the reader found no new item on them",
    ]
    assert stats["tdcrawl/failures"] == report.verdict.failures
    assert stats["tdcrawl/failures"] == ["0 believable records were found; the site's min_records is 1"]


def read_before(spider: RetailerReviews, days: int) -> None:
    """Write an earlier run of the site, of which all pages were read."""
    session = spider.session
    began = session.run.started_at - timedelta(days=days)
    earlier = Ledger(session.ledger.engine, replace(session.run, run_id=f"run-{days}", started_at=began))
    earlier.finish("finished", {})
    earlier.judged({ALARMS: [], SHARES: {"pages": {"of": 1_000, "found": {"failed": 1}}}})


async def failing(spider: RetailerReviews) -> RunReport:
    """Fail at all pages of a run, and end it."""
    pages = [spider.session.page_request(f"https://shop.example/{number}") for number in range(30)]
    await spider.session.ledger.schedule(pages)
    for page in pages:
        spider.end_page(page.page_id, PageRejection(PageState.FAILED, PageReason.TIMEOUT, "30 s"))
    report = RunReport(spider.crawler)
    await report.on_closed(spider, "finished")
    return report


def test_run_is_compared_with_earlier_ones_when_it_ends(spider: RetailerReviews) -> None:
    for days in range(1, LEAST + 1):
        read_before(spider, days)
    report = asyncio.run(failing(spider))
    assert [(alarm["share"], alarm["found"], alarm["runs"]) for alarm in report.alarms] == [("pages/failed", 30, LEAST)]
    # Whatever is strange, the exit status is the expectations' alone.
    assert report.verdict is not None
    assert not any("drift" in line for line in [*report.verdict.failures, *report.verdict.warnings])
    with spider.session.ledger.engine.connect() as connection:
        here = runs.c.run_id == spider.session.run.run_id
        stats: dict[str, Any] = connection.execute(select(runs.c.stats).where(here)).scalar_one()
    assert stats[ALARMS] == report.alarms
    assert stats[SHARES]["pages"] == {"of": 30, "found": {"failed": 30}}
    assert stats[EXPECTED] == {"min_records": 1, "max_failed_share": 0.08, "max_failed_page_share": 0.25}


CSS = SITE.replace('"schema_org"', '"css"\nrecord = "li"\nfields = {text = ".body", title = ".title", rating = "b"}')


async def reading(spider: RetailerReviews, number: int) -> RunReport:
    """Read a page of items that have a text and a rating, of which some fail, and end the run."""
    session, page = spider.session, spider.session.page_request("https://shop.example/1")
    broken = Rejection(Bucket.FAILED, AnyStageReason.STAGE_ERROR, "it broke")
    items = list(session.items([{"text": f"word {place}"} for place in range(number)], page.page_id, page.url))
    await session.ledger.schedule([page])
    await session.ledger.take(page.page_id, items, 0)
    for item in items:
        evidence = {"errors": [], "message": "it broke", "item": {"text": "word", "rating": "5"}}
        await session.ledger.reject(item, session.terms, "some_stage", broken, evidence)
    report = RunReport(spider.crawler)
    await report.on_closed(spider, "finished")
    return report


@pytest.mark.parametrize(("number", "warns"), [(20, True), (19, False)])
def test_field_that_no_item_has_is_told_when_the_site_file_says_where_it_is(
    tmp_path: Path, number: int, warns: bool
) -> None:
    with a_spider(tmp_path, says=CSS) as spider:
        report = asyncio.run(reading(spider, number))
    assert report.verdict is not None
    told = [line for line in report.verdict.warnings if "called" in line]
    assert told == (["none of 20 new items has title: is '.title' still what it is called?"] if warns else [])
