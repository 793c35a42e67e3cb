"""End a crawl once all seats of a stratum are taken: what benchmarks/steering.py counts the requests up to."""

from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler

from tdcrawl.crawling import SiteSpider

REQUESTS = "tdcrawl/requests_until_full"
"""The stat that holds how many requests there were until then."""


class UntilFull:
    """Watch the seats of the stratum that the setting UNTIL_FULL names."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._stratum: str = crawler.settings["UNTIL_FULL"]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Listen for records."""
        self = cls(crawler)
        crawler.signals.connect(self.on_record, signals.item_scraped)
        return self

    def on_record(self) -> None:
        """Note how many requests there were, and stop, where the last seat was taken."""
        spider, stats = self._crawler.spider, self._crawler.stats
        assert isinstance(spider, SiteSpider)
        if spider.stopping is None and spider.session.seats.is_full(self._stratum):
            stats.set_value(REQUESTS, stats.get_value("downloader/request_count"))
            spider.stop("seats_are_taken")
