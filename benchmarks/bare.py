"""Crawl as Scrapy alone would: what benchmarks/crawl.py puts in the ledger's place to learn what the ledger costs."""

from collections.abc import AsyncIterator
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response


class NoLedger:
    """Name pages as the spider expects and count what they yield; write nothing."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Remember the crawler, for its stats."""
        return cls(crawler)

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Pass the first requests on."""
        async for request in start:
            yield _named(request)

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Pass on what a page yields."""
        async for output in result:
            if isinstance(output, Request):
                yield _named(output)
            else:
                self._count("items/yielded")
                yield output
        self._count("pages/done")

    def _count(self, what: str) -> None:
        self._crawler.stats.inc_value(f"tdcrawl/{what}")


def _named(request: Request) -> Request:
    request.meta.update(page_id=request.url, page_url=request.url)
    return request
