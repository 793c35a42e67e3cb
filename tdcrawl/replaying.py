"""ReplaySpider: reads pages of the archive anew, as the site file says now, and never asks the site."""

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError
from scrapy.http import Request, Response
from scrapy.utils.asyncio import run_in_thread

from tdcrawl.archiving import response_of
from tdcrawl.crawling import SiteSpider
from tdcrawl.errors import StoreError
from tdcrawl.extract.obstacles import Why
from tdcrawl.outcomes import PageReason
from tdcrawl.politeness import apply_site_settings
from tdcrawl.records.base import Raw, TrainingItem, digest
from tdcrawl.session import ARCHIVED, FETCHED_AT, REREADS, WAS, open_replay
from tdcrawl.sites.profile import SiteProfile
from tdcrawl.store.archive import Place, read_page
from tdcrawl.store.beginning import REPLAY
from tdcrawl.store.failures import Archived, replayable
from tdcrawl.store.rows import PageRequest

_HANDLER = "tdcrawl.replaying.ArchiveHandler"
# Nothing of what asks a site, waits for it or follows where it leads.
_OFFLINE: dict[str, Any] = {
    "ROBOTSTXT_OBEY": False,
    "REDIRECT_ENABLED": False,
    "METAREFRESH_ENABLED": False,
    "RETRY_ENABLED": False,
    "HTTPCACHE_ENABLED": False,
    "AUTOTHROTTLE_ENABLED": False,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
}


class ReplaySpider(SiteSpider):
    """Try anew what failed on a site's archived pages: through the same stages, with nothing else moved."""

    name = REPLAY

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Open the ledger for a `profile`, and for one `reason` alone if it is not None; raises StoreError."""
        profile: SiteProfile = kwargs.pop("profile")
        apply_site_settings(crawler.settings, profile)
        handlers = {**crawler.settings.getdict("DOWNLOAD_HANDLERS"), "http": _HANDLER, "https": _HANDLER}
        crawler.settings.setdict({"DOWNLOAD_HANDLERS": handlers, **_OFFLINE}, priority="cmdline")
        session = open_replay(profile, crawler.settings)
        spider = super(SiteSpider, cls).from_crawler(crawler, *args, session=session, start=None, limit=None)
        spider.reason = kwargs.pop("reason")
        return spider

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason: str | None = None

    async def start(self) -> AsyncIterator[Request]:
        """Hand the archived pages to the ledger; the frontier gives them back."""
        ledger = self.session.ledger
        wanted = [self._again(page) for page in replayable(ledger.engine, ledger.run.site, self.reason)]
        self.count("tdcrawl/pages/scheduled", len(await ledger.schedule(wanted)))
        self.feeder.feed()
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    def parse(self, response: Response) -> Iterator[Request | TrainingItem]:
        """Read the records of a page, and follow nothing."""
        return (output for output in super().parse(response) if not isinstance(output, Request))

    def lost(self, response: Response, raws: Sequence[Raw], window: int = 0) -> Why | None:
        """Say which fields a page still lacks, if it failed for that: the others stand here in no order."""
        is_judged = response.meta.get(WAS) == PageReason.FIELD_LOST
        return super().lost(response, raws, window or len(raws)) if is_judged else None

    def _again(self, page: Archived) -> PageRequest:
        place = (page.place.file, page.place.offset)
        meta = {**page.meta, WAS: page.reason, ARCHIVED: place, REREADS: (page.page_id, self.reason)}
        page_id = digest(self.session.run.run_id, page.page_id)
        return PageRequest(page_id, page.url, page.canonical_url, {"callback": "parse", "meta": meta})


class ArchiveHandler(BaseDownloadHandler):
    """Give a page out of the archive instead of fetching it."""

    async def download_request(self, request: Request) -> Response:
        """Read the page that the meta of a request names; raises DownloadFailedError where it is not there whole."""
        data_dir = Path(self.crawler.settings["TDCRAWL_DATA_DIR"])
        try:
            page = await run_in_thread(read_page, data_dir, Place(*request.meta[ARCHIVED]))
        except StoreError as error:
            raise DownloadFailedError(str(error)) from error
        request.meta[FETCHED_AT] = page.at
        return response_of(page)
