"""Every page and every item stands in the ledger before anything happens to it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Any, Self, TypeVar

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import Request, Response

from tdcrawl import faults, page_outcomes
from tdcrawl.crawling import SiteSpider
from tdcrawl.extract.recognising import traces_on
from tdcrawl.links import without_userinfo
from tdcrawl.outcomes import PageReason, PageRejection, PageState
from tdcrawl.records.base import TrainingItem
from tdcrawl.scheduling import Scheduling
from tdcrawl.session import REREADS
from tdcrawl.store.page_writes import Taken
from tdcrawl.store.redirects import ErasedError
from tdcrawl.store.rereading import Reread
from tdcrawl.store.run_rows import so_far

_T = TypeVar("_T")


class PageLedger:
    """Write down the pages to read and the items they yield; close a page when each of its items has an outcome."""

    def __init__(self, spider: SiteSpider) -> None:
        self._spider = spider
        self._session = spider.session
        self._scheduling = Scheduling(spider)
        self._items_left = spider.limit

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Listen for redirects, and for the moment when nothing is under way."""
        assert isinstance(crawler.spider, SiteSpider)
        self = cls(crawler.spider)
        if crawler.spider.session.ledger.taken_up:
            for stat, number in so_far(crawler.spider.session.ledger.engine, crawler.spider.session.run.run_id).items():
                crawler.spider.count(stat, number)
        crawler.signals.connect(self.on_scheduled, signals.request_scheduled)
        crawler.signals.connect(self.on_idle, signals.spider_idle)
        return self

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Write down the first pages; the frontier gives them back."""
        async for output in start:
            if isinstance(output, Request):
                await self._scheduling.schedule([output])
            else:
                yield output

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Write down what a page yielded, pass it on, and close the page once all of it is settled.

        Where that cannot be written down it stays pending; where the database is gone the crawl stops too.
        """
        page_id = response.meta["page_id"]
        requests, found, rejection = await page_outcomes.collect(result)
        items = self._within_limit(found)
        # Beside each other: the pages that follow need not wait until this one is in the archive.
        writes = self._take(response, items, is_kept=bool(found or rejection)), self._scheduling.schedule(requests)
        taken, scheduled = await asyncio.gather(*writes, return_exceptions=True)
        unsettled: list[TrainingItem] = []
        try:
            unsettled = _answer(taken)
            faults.point("after_yield")
            _answer(scheduled)
        except Exception as error:  # noqa: BLE001 - the page is out of our hands, or the crawl would wait for it
            self._give_up(page_id, unsettled, "what it gave", error)
            return
        for item in unsettled:
            yield item
        await self._session.in_flight.settled([item.item_id for item in unsettled])
        if self._items_left == 0:
            self._spider.stop("limit_reached")
        # A page with more to give than this run was asked for, or with an item left without outcome, stays pending.
        if len(items) == len(found) and page_id not in self._session.left_pending:
            self._spider.end_page(page_id, rejection)
        else:
            self._spider.feeder.ended(page_id)

    def on_idle(self) -> None:
        """Keep the spider open while the frontier has pages to give."""
        if not self._spider.feeder.is_done():
            raise DontCloseSpider

    def on_scheduled(self, request: Request) -> None:
        """Judge redirects: one that leaves the site ends the page, one to another spelling of itself goes on.

        One to another page waits for the ledger to say whether that is known.
        """
        if request.meta.get("redirect_times", 0) == request.meta.get("redirects_judged", 0):
            return
        request.meta["redirects_judged"] = request.meta["redirect_times"]
        page_id, origin = request.meta["page_id"], request.meta["page_url"]
        target = self._session.page_request(without_userinfo(request.url))
        if not self._session.profile.covers(request.url):
            detail = f"it redirects off the site, to {without_userinfo(request.url)}"
            self._spider.end_page(page_id, PageRejection(PageState.FAILED, PageReason.OFF_SITE, detail))
        elif target.page_id != self._session.page_request(origin).page_id:
            known = self._session.ledger.redirect(origin, target)
            known.add_done_callback(partial(self._redirected, request))
            raise IgnoreRequest

    def _redirected(self, request: Request, is_new: asyncio.Future[bool]) -> None:
        error, page_id = is_new.exception(), request.meta["page_id"]
        if isinstance(error, ErasedError):
            self._spider.end_page(page_id, PageRejection(PageState.SKIPPED, PageReason.ERASED, str(error)))
        elif error:
            self._give_up(page_id, [], "where it redirects to", error)
        elif is_new.result():
            self._spider.count("tdcrawl/pages/scheduled", 1)
            self._spider.count_page(PageState.SKIPPED, PageReason.SAME_PAGE)
            self._spider.crawler.engine.crawl(request)
        else:
            detail = f"it redirects to {without_userinfo(request.url)}, a page this run has already"
            self._spider.end_page(page_id, PageRejection(PageState.SKIPPED, PageReason.SAME_PAGE, detail))

    async def _take(self, response: Response, items: list[TrainingItem], *, is_kept: bool) -> list[TrainingItem]:
        in_flight, ledger, page_id = self._session.in_flight, self._session.ledger, response.meta["page_id"]
        rereads = Reread(*response.meta[REREADS]) if REREADS in response.meta else None
        traces = partial(traces_on, items, self._session.profile, self._session.person_key)
        # Before the page is kept: it would keep what was erased. What is erased from now on is taken out of it again.
        is_kept = is_kept and not (self._spider.erased and await ledger.recognise(traces()))
        place = await self._session.keep_page(response) if is_kept else None
        self._spider.count("tdcrawl/pages/archived", int(place is not None))
        fresh: dict[str, TrainingItem] = {}
        for item in items:
            if item.item_id not in in_flight:
                in_flight.begin(item.item_id)
                fresh[item.item_id] = item
        unfinished: dict[str, Taken] = {}
        try:
            again = len(items) - len(fresh)
            unfinished = await ledger.take(page_id, list(fresh.values()), again, place, rereads, traces)
        finally:
            for item_id in fresh.keys() - unfinished.keys():
                in_flight.end(item_id)
        taken = Counter(unfinished.values())
        self._spider.count("tdcrawl/items/yielded", taken[Taken.NEW] + taken[Taken.REOPENED])
        self._spider.count("tdcrawl/items/reopened", taken[Taken.REOPENED])
        self._spider.count("tdcrawl/items/seen_again", len(items) - len(unfinished))
        for item_id, how in unfinished.items():
            fresh[item_id].reopened = how is Taken.REOPENED
        return [fresh[item_id] for item_id in unfinished]

    def _give_up(self, page_id: str, items: Iterable[TrainingItem], what: str, error: BaseException) -> None:
        for item in items:
            self._session.in_flight.end(item.item_id)
        self._spider.feeder.ended(page_id)
        self._spider.not_written(what, error)

    def _within_limit(self, found: list[TrainingItem]) -> list[TrainingItem]:
        if self._items_left is None:
            return found
        wanted = found[: self._items_left]
        self._items_left -= len(wanted)
        return wanted


def _answer(said: _T | BaseException) -> _T:
    if isinstance(said, BaseException):
        raise said
    return said
