"""LedgerSpider: reads the pages that the ledger hands out, and tells it how each ended."""

import asyncio
import logging
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from scrapy import Spider
from scrapy.http import Request
from twisted.python.failure import Failure

from tdcrawl import faults, page_outcomes, privacy
from tdcrawl.errors import StoreError
from tdcrawl.feeding import Feeder
from tdcrawl.outcomes import NotReadError, PageReason, PageRejection, PageState
from tdcrawl.rendering import through_browser
from tdcrawl.session import Session
from tdcrawl.store.frontier import Lease
from tdcrawl.store.rows import PageRequest
from tdcrawl.store.steering import Course

logger = logging.getLogger(__name__)


class LedgerSpider(Spider):
    """Keep the crawl in pages as long as its run has any; in `parse` a subclass says what is read of one."""

    session: Session

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stopping: asyncio.Future[None] | None = None
        self.course: Course | None = None
        self.erased = False
        """Whether anything was ever erased, when pages were leased last."""
        self.permits: dict[str, str] = {}
        """What was read of the site of each page that is under way (`permissions`), by the page's id."""

    @cached_property
    def feeder(self) -> Feeder:
        """Give what keeps the crawl in pages: as many again as are fetched at a time."""
        room = 2 * self.settings.getint("CONCURRENT_REQUESTS")
        return Feeder(room, self._lease, self._read, self.stop)

    async def _lease(self, number: int) -> Lease:
        leased = await self.session.ledger.lease(number, self.course)
        self.erased = leased.erased
        if self.course is not None:
            self.course = replace(self.course, last=leased.sight)
            self.count("tdcrawl/pages/put_back", leased.put_back)
        return leased

    async def on_failure(self, failure: Failure) -> None:
        """Note the outcome of a page that could not be read."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
        if isinstance(failure.value, NotReadError):
            self.permits.pop(request.meta["page_id"], None)
            self.feeder.ended(request.meta["page_id"])
        else:
            self.end_page(request.meta["page_id"], page_outcomes.of_failure(failure))
        page_outcomes.let_go(failure.value)

    def end_page(self, page_id: str, why: PageRejection | None = None) -> None:
        """Write down how a page ended: done, or as the rejection says."""
        state, reason = (why.state, why.reason) if why else (PageState.DONE, None)
        detail = privacy.mask_error(why.detail) if why else None
        try:
            faults.point("before_page_done")
            permission_id = self.permits.pop(page_id, None)
            closed = self.session.ledger.close_page(page_id, state, reason, detail, permission_id)
            closed.add_done_callback(partial(self._page_ended, state, reason))
        finally:
            self.feeder.ended(page_id)

    def _page_ended(self, state: PageState, reason: PageReason | None, closed: asyncio.Future[bool]) -> None:
        if error := closed.exception():
            self.not_written("its end", error)
        elif closed.result():
            faults.point("after_page_done")
            self.count_page(state, reason)

    def count_page(self, state: PageState, reason: PageReason | None) -> None:
        """Count a page that has ended."""
        self.count(f"tdcrawl/pages/{state}", 1)
        if reason:
            self.count(f"tdcrawl/pages/{state}/{reason}", 1)

    def not_written(self, what: str, error: BaseException) -> None:
        """End the crawl where the database is gone; for any other error say what of a page keeps it pending."""
        if isinstance(error, StoreError):
            self.stop("sink_unavailable", str(error))
        else:
            logger.error("A page stays pending, %s cannot be written down", what, exc_info=error)

    def stop(self, reason: str, message: str | None = None) -> None:
        """End the crawl in good order, for a reason that the run will carry."""
        if message:
            logger.error("The crawl stops (%s): %s", reason, message)
        if self.stopping is None:
            self.stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))

    def count(self, stat: str, number: float) -> None:
        """Add to one of the run's figures."""
        if number:
            self.figures[stat] = self.figures.get(stat, 0) + number

    @cached_property
    def figures(self) -> dict[str, Any]:
        """Give the run's figures, by their names."""
        # Scrapy's own inc_value costs as much as a stage, some twenty times an item.
        return self.crawler.stats.get_stats()

    def _read(self, page: PageRequest) -> None:
        """Have a page of the frontier read; once the crawl is ending, it is given back in the end."""
        engine = self.crawler.engine
        if self.stopping is not None or not engine.running or engine.spider is None:
            return
        meta = {**page.request["meta"], "page_id": page.page_id, "page_url": page.url}
        callback = getattr(self, page.request["callback"])
        if callback == self.parse:
            meta |= through_browser(self.session.profile, self.settings.getint("DOWNLOAD_MAXSIZE"))
        request = Request(
            page.url, callback, errback=self.on_failure, meta=meta, priority=page.priority, dont_filter=True
        )
        engine.crawl(request)
