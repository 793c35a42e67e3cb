"""One line that says how the crawl is going."""

import logging
from collections.abc import Mapping
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import create_looping_call

from tdcrawl.crawling import SiteSpider
from tdcrawl.setting_values import read_number

logger = logging.getLogger(__name__)

_BAR = 10
_LIVE_SECONDS = 0.5


class Progress:
    """Show pages, accepted, duplicates, failed and the quotas: live on a terminal, else as a line now and then."""

    def __init__(self, crawler: Crawler, console: Console) -> None:
        self._crawler = crawler
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._console = console
        self._seconds = read_number(crawler.settings, "TDCRAWL_PROGRESS_SECONDS", 1, 3600)
        self._timer = create_looping_call(self._show)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Show progress on the standard error stream for as long as the spider is open."""
        self = cls(crawler, Console(stderr=True))
        crawler.signals.connect(self.on_opened, signals.spider_opened)
        crawler.signals.connect(self.on_closed, signals.spider_closed)
        return self

    def on_opened(self) -> None:
        """Begin."""
        if self._live:
            self._live.start()
        self._timer.start(_LIVE_SECONDS if self._live else self._seconds, now=False)

    def on_closed(self) -> None:
        """Leave the line to the report."""
        if self._timer.running:
            self._timer.stop()
        if self._live:
            self._live.stop()

    def _show(self) -> None:
        assert isinstance(self._crawler.spider, SiteSpider)
        line = progress_line(self._crawler.stats.get_stats(), self._crawler.spider.session.quota)
        if self._live:
            self._live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)
        else:
            self._console.print(line, highlight=False, soft_wrap=True)


def progress_line(stats: Mapping[str, Any], quota: Mapping[str, int]) -> str:
    """Put the figures of a run into one line."""
    pages, items = "tdcrawl/pages", "tdcrawl/items"
    read = sum(stats.get(f"{pages}/{state}", 0) for state in ("done", "failed", "skipped"))
    parts = [f"pages {read}/{stats.get(f'{pages}/scheduled', 0)}", f"accepted {stats.get(f'{items}/record', 0)}"]
    parts += [f"{name} {stats.get(f'{items}/{name}', 0)}" for name in ("duplicate", "failed", "over_quota")]
    parts += [_bar(stratum, stats.get(f"tdcrawl/strata/{stratum}", 0), seats) for stratum, seats in quota.items()]
    return " · ".join(parts)


def _bar(stratum: str, taken: int, seats: int) -> str:
    filled = _BAR * min(taken, seats) // seats if seats else _BAR
    return f"{stratum} {'█' * filled}{'░' * (_BAR - filled)} {taken}/{seats}"
