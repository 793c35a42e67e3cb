"""End a crawl within seconds, once a signal or its limit ends it: what only waits stays in the frontier."""

import signal
from time import monotonic
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import create_looping_call

from tdcrawl.crawling import SiteSpider
from tdcrawl.outcomes import NotReadError

_SECONDS_BETWEEN_LOOKS = 0.25
_SECONDS = 6


class Drain:
    """Give back what waits for its turn once the crawl is ending; after a signal, cut off what takes too long."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._timer = create_looping_call(self._look)
        self._stopped_at: float | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Look for as long as the spider is open: Scrapy has no signal for the moment when a crawl is told to end."""
        self = cls(crawler)
        crawler.signals.connect(self.on_opened, signals.spider_opened)
        crawler.signals.connect(self.on_closed, signals.spider_closed)
        return self

    def on_opened(self) -> None:
        """Begin to look."""
        self._timer.start(_SECONDS_BETWEEN_LOOKS, now=False)

    def on_closed(self) -> None:
        """Look no more."""
        if self._timer.running:
            self._timer.stop()

    def _look(self) -> None:
        engine, spider = self._crawler.engine, self._crawler.spider
        assert isinstance(spider, SiteSpider)
        if not engine.running or spider.stopping is not None:
            self._give_back()
        if not engine.running:
            self._cut_off_in_time()

    def _give_back(self) -> None:
        # Scrapy would fetch all that its downloader holds, one a DOWNLOAD_DELAY.
        for slot in self._crawler.engine.downloader.slots.values():
            while slot.queue:
                _, waiting = slot.queue.popleft()
                waiting.errback(NotReadError("the crawl was told to end"))

    def _cut_off_in_time(self) -> None:
        if self._stopped_at is None:
            self._stopped_at = monotonic()
        if monotonic() - self._stopped_at > _SECONDS:
            self._timer.stop()
            # As a second signal does: it costs no more than fetching again what is under way.
            signal.raise_signal(signal.SIGTERM)
