"""Every page and every item stands in the ledger before anything happens to it."""

import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from tdcrawl import page_outcomes
from tdcrawl.crawling import SiteSpider
from tdcrawl.errors import StoreError
from tdcrawl.links import without_userinfo
from tdcrawl.outcomes import PageReason, PageRejection, PageState
from tdcrawl.records.base import TrainingItem
from tdcrawl.store.ledger import PageRequest

logger = logging.getLogger(__name__)


class PageLedger:
    """Write down the pages to read and the items they yield; close a page when each of its items has an outcome."""

    def __init__(self, spider: SiteSpider) -> None:
        self._spider = spider
        self._session = spider.session
        self._known_pages: set[str] = set()
        self._items_left = spider.limit

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Listen to what the engine does with requests that no callback will ever see."""
        assert isinstance(crawler.spider, SiteSpider)
        self = cls(crawler.spider)
        crawler.signals.connect(self.on_scheduled, signals.request_scheduled)
        crawler.signals.connect(self.on_dropped, signals.request_dropped)
        return self

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Write down the first pages."""
        async for request in start:
            for wanted in await self._schedule([request]):
                yield wanted

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Write down what a page yielded, pass it on, and close the page once all of it is settled.

        Where the database is gone the page stays pending and the crawl stops.
        """
        page_id = response.meta["page_id"]
        requests, found, rejection = await _collect(result)
        items = self._within_limit(found)
        try:
            unsettled = await self._take(page_id, items)
            wanted = await self._schedule(requests)
        except StoreError as error:
            self._spider.stop("sink_unavailable", str(error))
            return
        for output in (*wanted, *unsettled):
            yield output
        await self._session.in_flight.settled([item.item_id for item in unsettled])
        if self._items_left == 0:
            self._spider.stop("limit_reached")
        # A page with more to give than this run was asked for, or with an item left without outcome, stays pending.
        if len(items) == len(found) and page_id not in self._session.left_pending:
            self._spider.end_page(page_id, rejection)

    def on_scheduled(self, request: Request) -> None:
        """Judge redirects: one that leaves the site ends the page, one to another spelling of itself goes on."""
        if not request.meta.get("redirect_times"):
            return
        page_id, origin = request.meta["page_id"], request.meta["page_url"]
        if not self._session.profile.covers(request.url):
            detail = f"it redirects off the site, to {without_userinfo(request.url)}"
            self._spider.end_page(page_id, PageRejection(PageState.FAILED, PageReason.OFF_SITE, detail))
        elif self._session.page_request(request.url).page_id == self._session.page_request(origin).page_id:
            # The duplicate filter would call it seen; REDIRECT_MAX_TIMES bounds the circle.
            request.dont_filter = True

    def on_dropped(self, request: Request) -> None:
        """Close a page that turned out to be one this run has already."""
        detail = f"it redirects to {without_userinfo(request.url)}, a page this run has already"
        rejection = PageRejection(PageState.SKIPPED, PageReason.SAME_PAGE, detail)
        self._spider.end_page(request.meta["page_id"], rejection)

    async def _take(self, page_id: str, items: list[TrainingItem]) -> list[TrainingItem]:
        in_flight = self._session.in_flight
        fresh: dict[str, TrainingItem] = {}
        for item in items:
            if item.item_id not in in_flight:
                in_flight.begin(item.item_id)
                fresh[item.item_id] = item
        unfinished: dict[str, bool] = {}
        try:
            unfinished = await self._session.ledger.take(page_id, list(fresh.values()), len(items) - len(fresh))
        finally:
            for item_id in fresh.keys() - unfinished.keys():
                in_flight.end(item_id)
        self._spider.count("tdcrawl/items/yielded", len(unfinished))
        self._spider.count("tdcrawl/items/reopened", sum(unfinished.values()))
        self._spider.count("tdcrawl/items/seen_again", len(items) - len(unfinished))
        for item_id, reopened in unfinished.items():
            fresh[item_id].reopened = reopened
        return [fresh[item_id] for item_id in unfinished]

    async def _schedule(self, requests: Iterable[Request]) -> list[Request]:
        wanted: dict[str, tuple[PageRequest, Request]] = {}
        for request in requests:
            page = self._page_of(request)
            if page is not None and page.page_id not in self._known_pages:
                wanted.setdefault(page.page_id, (page, request))
        self._known_pages.update(wanted)
        if wanted:
            await self._session.ledger.schedule([page for page, _ in wanted.values()])
            self._spider.count("tdcrawl/pages/scheduled", len(wanted))
        return [request for _, request in wanted.values()]

    def _page_of(self, request: Request) -> PageRequest | None:
        try:
            page = self._session.page_request(request.url)
        except ValueError:
            self._spider.count("tdcrawl/pages/unfollowable_links", 1)
            return None
        if not self._session.profile.covers(request.url):
            self._spider.count("tdcrawl/pages/off_site_links", 1)
            return None
        request.meta.update(page_id=page.page_id, page_url=page.url)
        return page

    def _within_limit(self, found: list[TrainingItem]) -> list[TrainingItem]:
        if self._items_left is None:
            return found
        wanted = found[: self._items_left]
        self._items_left -= len(wanted)
        return wanted


async def _collect(result: AsyncIterator[Any]) -> tuple[list[Request], list[TrainingItem], PageRejection | None]:
    requests: list[Request] = []
    items: list[TrainingItem] = []
    try:
        async for output in result:
            (requests if isinstance(output, Request) else items).append(output)
    except PageRejection as rejection:
        return requests, items, rejection
    except Exception:
        # What was read before the callback broke is kept; the page says that it broke.
        logger.exception("The callback of a page failed")
        return requests, items, page_outcomes.of_failure(Failure())
    return requests, items, None
