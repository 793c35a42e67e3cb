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
from tdcrawl.session import Session
from tdcrawl.setting_values import read_number
from tdcrawl.store.seats import all_seats

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
        self._seats: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Show progress on the standard error stream for as long as the spider is open."""
        self = cls(crawler, Console(stderr=True))
        crawler.signals.connect(self.on_opened, signals.spider_opened)
        crawler.signals.connect(self.on_closed, signals.spider_closed)
        return self

    def on_opened(self) -> None:
        """Begin, with the seats that earlier runs have taken."""
        session = self._session
        self._seats = all_seats(session.ledger.engine, session.record_type.name) if session.quota else {}
        if self._live:
            self._live.start()
        self._timer.start(_LIVE_SECONDS if self._live else self._seconds, now=False)

    def on_closed(self) -> None:
        """Leave the line to the report."""
        if self._timer.running:
            self._timer.stop()
        if self._live:
            self._live.stop()

    @property
    def _session(self) -> Session:
        assert isinstance(self._crawler.spider, SiteSpider)
        return self._crawler.spider.session

    def _show(self) -> None:
        line = progress_line(self._crawler.stats.get_stats(), self._session.quota, self._seats)
        if self._live:
            self._live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)
        else:
            self._console.print(line, highlight=False, soft_wrap=True)


def progress_line(stats: Mapping[str, Any], quota: Mapping[str, int], seats: Mapping[str, int]) -> str:
    """Put the figures of a run into one line; `seats` are those that were taken when it began."""
    pages, items = "tdcrawl/pages", "tdcrawl/items"
    read = sum(stats.get(f"{pages}/{state}", 0) for state in ("done", "failed", "skipped"))
    parts = [f"pages {read}/{stats.get(f'{pages}/scheduled', 0)}", f"accepted {stats.get(f'{items}/record', 0)}"]
    parts += [f"{name} {stats.get(f'{items}/{name}', 0)}" for name in ("duplicate", "failed", "over_quota")]
    for stratum, of in quota.items():
        parts.append(_bar(stratum, seats.get(stratum, 0) + stats.get(f"tdcrawl/strata/{stratum}", 0), of))
    return " · ".join(parts)


def _bar(stratum: str, taken: int, seats: int) -> str:
    filled = _BAR * min(taken, seats) // seats if seats else _BAR
    return f"{stratum} {'█' * filled}{'░' * (_BAR - filled)} {taken}/{seats}"
