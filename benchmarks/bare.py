"""Crawl as Scrapy alone would: what benchmarks/crawl.py puts in the ledger's place to learn what the ledger costs."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from tdcrawl.page_outcomes import collect
from tdcrawl.session import Session


class NoLedger:
    """Name pages as the spider expects and count what they yield; keep nothing but the archive."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._seen: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Remember the crawler, for its stats."""
        return cls(crawler)

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Pass the first requests on."""
        async for request in start:
            for named in self._new(request):
                yield named

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Keep a page that yields items in the archive, as a crawl with a ledger does, and pass on what it yields."""
        requests, items, _ = await collect(result)
        if items:
            await self._session.keep_page(response)
        for request in requests:
            for named in self._new(request):
                yield named
        for item in items:
            self._count("items/yielded")
            yield item
        self._count("pages/done")

    def _new(self, request: Request) -> Iterator[Request]:
        """Name a request, and pass it on unless its page was seen under another address."""
        page_id = self._session.page_request(request.url).page_id
        if page_id not in self._seen:
            self._seen.add(page_id)
            request.meta.update(page_id=page_id, page_url=request.url)
            yield request

    @property
    def _session(self) -> Session:
        session: Session = self._crawler.spider.session  # type: ignore[union-attr]
        return session

    def _count(self, what: str) -> None:
        self._crawler.stats.inc_value(f"tdcrawl/{what}")
