"""Log lines that never carry an item: what a page says stays out of the logs."""

import logging
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from scrapy.spiders import Spider
from twisted.python.failure import Failure

from tdcrawl.crawling import SiteSpider
from tdcrawl.extensions.log_lines import keep_secrets, name_crawl


class QuietLogFormatter(LogFormatter):
    """Name an item by its id; Scrapy would print it whole, and each dropped one as a warning."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Have each line say which crawl it is of, and none a secret."""
        assert isinstance(crawler.spider, SiteSpider)
        session = crawler.spider.session
        keep_secrets(crawler.settings, session.person_key.hex())
        name_crawl(crawler.settings, session.run.site, session.run.run_id)
        return cls()

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult:
        """Say that an item became a record."""
        return _line("Accepted %(item)s", item=item.item_id)

    def dropped(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """Say that an item did not become a record, and why."""
        return _line("Not accepted (%(why)s): %(item)s", item=item.item_id, why=str(exception))

    def item_error(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """Say which item met an error of the program."""
        return {"level": logging.ERROR, "msg": "Error processing item %(item)s", "args": {"item": item.item_id}}


def _line(message: str, **values: str) -> LogFormatterResult:
    return {"level": logging.DEBUG, "msg": message, "args": values}
