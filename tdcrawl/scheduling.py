"""Write down where pages lead: each page once, however many link to it."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from scrapy.http import Request
from scrapy.utils.datatypes import LocalCache

from tdcrawl.ledger_spider import LedgerSpider
from tdcrawl.store.rows import PageRequest
from tdcrawl.store.steering import CHAIN

_AT_ONCE = 1_000
_REMEMBERED = 2_000
# A shop's own addresses are shorter; of longer ones, which may mean harm, memory would be full.
_LONGEST = 500


class Scheduling:
    """Tell the frontier of pages that it was not told of lately.

    The pages of a shop link to the same hundred others: each link would be spelled out, looked up, and have the
    frontier look for pages to read.
    """

    def __init__(self, spider: LedgerSpider) -> None:
        self._spider = spider
        self._session = spider.session
        self._known: LocalCache[str, None] = LocalCache(_REMEMBERED)

    async def schedule(self, requests: Iterable[Request]) -> None:
        """Note the pages that requests ask for; raises StoreError."""
        unknown = (request for request in requests if request.url not in self._known)
        # A sitemap lists fifty thousand pages, and the crawl goes on meanwhile.
        while batch := list(islice(unknown, _AT_ONCE)):
            wanted = {request.url: page for request in batch if (page := self._page_of(request)) is not None}
            if wanted:
                new = self._session.ledger.schedule(list(wanted.values()))
                # Writes are done in their order: what is leased from now on may be one of these.
                self._spider.feeder.feed()
                self._spider.count("tdcrawl/pages/scheduled", len(await new))
                # Not before they are: whoever could not write them down comes again.
                self._known.update((url, None) for url in wanted if len(url) <= _LONGEST)

    def _page_of(self, request: Request) -> PageRequest | None:
        callback = request.callback.__name__ if request.callback else "parse"
        wanted: dict[str, Any] = {"callback": callback, "meta": request.meta}
        if CHAIN in request.meta:
            wanted["priority"] = request.priority  # What it goes back from, and forward to.
        try:
            page = self._session.page_request(request.url, wanted, request.priority)
        except ValueError:
            self._spider.count("tdcrawl/pages/unfollowable_links", 1)
            return None
        if not self._session.profile.covers(request.url):
            self._spider.count("tdcrawl/pages/off_site_links", 1)
            return None
        return page
