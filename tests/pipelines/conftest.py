"""A crawl's session and its stages, built as Scrapy builds them, without a reactor running."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.settings import Settings

from tdcrawl.pipelines.processor import StageProcessor
from tdcrawl.records.base import Raw, TrainingItem
from tdcrawl.session import Session
from tdcrawl.spiders.retailer_reviews import RetailerReviews
from tests import reactor

reactor.install()

SITE = """
record_type = "review"
allowed_domains = ["shop.example"]
[start]
urls = ["https://shop.example/"]
[read]
reader = "schema_org"
[read.values]
rating_scale = 5
"""
PAGE_URL = "https://shop.example/product/17?ref=home"
GOOD = {
    "text": "This kettle boils fast and quietly and has not leaked once in a year of daily use",
    "rating": "5",
    "author": "Jo Invented",
}


class Line:
    """Run items through a crawl's stages and tell what became of them."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        assert isinstance(crawler.spider, RetailerReviews)
        self.session = crawler.spider.session
        self.processor = StageProcessor.from_crawler(crawler)

    def items(self, raws: list[Raw]) -> list[TrainingItem]:
        """Wrap scraped strings as the spider does."""
        page = self.session.page_request(PAGE_URL)
        return list(self.session.items(raws, page.page_id, page.url))

    def run(self, *raws: Raw) -> list[str]:
        """Take items through the stages at once; "record", or the reason why not, for each."""
        return asyncio.run(self._run(self.items(list(raws))))

    async def _run(self, items: list[TrainingItem]) -> list[str]:
        page = self.session.page_request(PAGE_URL)
        await self.session.ledger.schedule([page])
        await self.session.ledger.take(page.page_id, items, 0)
        for item in items:
            self.session.in_flight.begin(item.item_id)
        try:
            return list(await asyncio.gather(*(self._fate(item) for item in items)))
        finally:
            if self.session.asking.model:
                await self.session.asking.model.close()

    async def _fate(self, item: TrainingItem) -> str:
        try:
            await self.processor.process_item_async(item)
        except DropItem as dropped:
            return str(dropped)
        return "record"

    def stat(self, name: str) -> int:
        """Read one of the run's figures."""
        return int(self.crawler.stats.get_value(f"tdcrawl/{name}", 0))


@pytest.fixture
def open_line(tmp_path: Path, database_url: str) -> Iterator[Callable[..., Line]]:
    """Open lines of stages on one database; `settings` override the project's."""
    site = tmp_path / "invented_shop.toml"
    site.write_text(SITE)
    sessions: list[Session] = []

    def open_one(**settings: Any) -> Line:
        for earlier in sessions:
            earlier.ledger.finish("finished", {})
        values = Settings()
        values.setmodule("tdcrawl.settings", priority="project")
        ours = {"TDCRAWL_DATA_DIR": str(tmp_path), "TDCRAWL_DATABASE_URL": database_url, **settings}
        values.setdict(ours, priority="cmdline")
        crawler = Crawler(RetailerReviews, values)
        spider = crawler.spider = RetailerReviews.from_crawler(crawler, site=str(site), again="1")
        sessions.append(spider.session)
        crawler._apply_settings()
        return Line(crawler)

    yield open_one
    for last in sessions[-1:]:
        last.ledger.finish("finished", {})
    for session in sessions:
        session.ledger.engine.dispose()


@pytest.fixture
def line(open_line: Callable[..., Line]) -> Line:
    """Open a line of all stages as the project orders them."""
    return open_line()
