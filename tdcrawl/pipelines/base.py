"""What every stage has: a name, a switch, and the news of how an item ended."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from tdcrawl.crawling import SiteSpider
from tdcrawl.records.base import TrainingItem
from tdcrawl.session import Session
from tdcrawl.setting_values import read_switch


class Stage(ABC):
    """Pass an item on, or raise the Rejection that says where it goes; count nothing, store nothing.

    A stage is on unless TDCRAWL_<NAME>_ENABLED is false.
    """

    name: ClassVar[str]
    fault: ClassVar[str | None] = None
    """The place behind this stage where a process can be made to fail: one of faults.POINTS."""

    is_limited: ClassVar[bool] = True
    """Whether TDCRAWL_STAGE_SECONDS holds for it; false where all that it waits for has a limit of its own."""

    def __init__(self, session: Session, settings: Any) -> None:
        self.session = session

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the stage for the crawl of a site, unless it is switched off."""
        switch = f"TDCRAWL_{cls.name.upper()}_ENABLED"
        if not read_switch(crawler.settings, switch):
            raise NotConfigured(f"{switch} is False")
        assert isinstance(crawler.spider, SiteSpider)
        return cls(crawler.spider.session, crawler.settings)

    @abstractmethod
    def process_item(self, item: TrainingItem) -> Any:
        """Give the item, or what gives it when it is awaited; raises the Rejection of one that ends here."""

    def begin(self, item: TrainingItem) -> Any:
        """Process an item; what it raises is raised when the answer is awaited."""
        # Most stages answer at once: to await them all would take as long as some of them.
        try:
            return self.process_item(item)
        except BaseException as error:  # noqa: BLE001 - whoever awaits it tells what it is
            return _raise(error)

    def stat(self, what: str) -> str:
        """Name a figure of the stage."""
        return f"tdcrawl/{self.name}/{what}"

    def settle(self, item: TrainingItem, accepted: bool) -> None:  # noqa: B027 - most need not hear it
        """Hear how an item ended that passed this stage: as a record, or in any other way."""


async def _raise(error: BaseException) -> None:
    raise error
