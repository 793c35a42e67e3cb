"""SiteSpider: loads a site, applies its settings, follows its pages and yields its items."""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, ClassVar, Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response, TextResponse
from scrapy.utils.asyncio import run_in_thread

from tdcrawl import arguments, page_outcomes
from tdcrawl.decoding import parsed
from tdcrawl.errors import SiteError
from tdcrawl.extract.field_watch import WINDOW, FieldWatch
from tdcrawl.extract.obstacles import Why, why_failed
from tdcrawl.extract.reading import Page, read_records
from tdcrawl.extract.turning import Turn, turn_page
from tdcrawl.ledger_spider import LedgerSpider
from tdcrawl.links import MOST_LINKS, followable, read_sitemap, selected, without_userinfo
from tdcrawl.outcomes import PageReason, PageRejection, PageState
from tdcrawl.politeness import apply_site_settings, identify
from tdcrawl.records.base import Raw, TrainingItem
from tdcrawl.rendering import use_browser
from tdcrawl.session import FETCHED_AT, Session, open_session
from tdcrawl.setting_values import read_network, read_switch
from tdcrawl.sites.loading import load_profile
from tdcrawl.sites.profile import SiteProfile
from tdcrawl.store.steering import CHAIN, LONGEST_CHAIN, Course

logger = logging.getLogger(__name__)


class SiteSpider(LedgerSpider):
    """Crawl one site as its site file says. A subclass says which record type it is for.

    Arguments (`-a`): `site`, a bundled name or the path of a .toml file; `limit`, the number of items after which to
    stop; `start`, an address to begin at instead of the site file's; `again=1` to read a site anew that was read.
    """

    record_type: ClassVar[str]

    def __init__(
        self, *, session: Session, start: str | None, limit: int | None, site: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.session = session
        self._site = site or session.profile.name
        self.limit = limit
        self._watch = FieldWatch(session.profile.read, session.record_type, session.taught)
        self._warned: set[str] = set()
        self.allowed_domains = session.profile.allowed_domains
        self._start_urls = [start] if start else session.profile.start.urls
        self._sitemaps = [] if start else session.profile.start.sitemaps

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider from its arguments; raises SiteError, SettingError or StoreError."""
        arguments.refuse_unknown(kwargs)
        profile = cls.profile_of(kwargs.get("site"))
        limit = arguments.read_limit(kwargs.pop("limit", None))
        apply_site_settings(crawler.settings, profile)
        identify(crawler.settings)
        use_browser(crawler.settings, profile)
        start = arguments.read_start(kwargs.pop("start", None), profile)
        arguments.refuse_jobdir(crawler.settings)
        starts = [start] if start else [*profile.start.urls, *profile.start.sitemaps]
        arguments.refuse_forbidden(starts, read_network(crawler.settings))
        again = arguments.read_again(kwargs.pop("again", None))
        steers = read_switch(crawler.settings, "TDCRAWL_STEER_BY_QUOTA")
        session = open_session(profile, cls.name, crawler.settings, starts, again=again)
        spider = super().from_crawler(crawler, *args, session=session, start=start, limit=limit, **kwargs)
        if steers and session.quota:
            spider.course = Course(session.record_type.name, session.quota)
        return spider

    @classmethod
    def profile_of(cls, site: str | None) -> SiteProfile:
        """Load the site a run is for; raises SiteError where none is given or it holds another record type."""
        if not site:
            raise SiteError("which site? Give one: -a site=NAME, or -a site=FILE.toml (`scrapy sites` lists them)")
        profile = load_profile(site)
        if profile.record_type != cls.record_type:
            raise SiteError(
                f"site {profile.name} holds {profile.record_type} records, {cls.name} {cls.record_type} ones"
            )
        return profile

    async def start(self) -> AsyncIterator[Request]:
        """Yield the first pages."""
        for url in self._sitemaps:
            yield self._request(url, self.parse_sitemap)
        for url in self._start_urls:
            yield self._request(url, self.parse)

    async def parse_sitemap(self, response: Response) -> AsyncIterator[Request]:
        """Follow all pages that a sitemap (or an index of sitemaps) lists; raises PageRejection where it is none."""
        page_outcomes.refuse_error(response, self.settings)
        # One of ten megabytes takes seconds, if it means harm.
        is_index, links = await run_in_thread(read_sitemap, response, self.settings.getint("DOWNLOAD_MAXSIZE"))
        for request in self._links(response, links, self.parse_sitemap if is_index else self.parse):
            yield request

    def parse(self, response: Response) -> Iterator[Request | TrainingItem]:
        """Read the records of a page and follow its links, whatever kind of page it is.

        Raises PageRejection, last, where the page holds something that should be records but cannot be read.
        """
        page_outcomes.refuse_error(response, self.settings)
        if not isinstance(response, TextResponse):
            raise PageRejection(PageState.FAILED, PageReason.PARSE_ERROR, "it is no text that could hold records")
        page, kind = Page(response.url, parsed(response)), self.session.record_type
        found = read_records(page, self.session.profile.read, kind)
        meta = response.meta
        yield from self.session.items(found.raws, meta["page_id"], meta["page_url"], meta.get(FETCHED_AT))
        turn, followed = self._follow(response, found.raws)
        yield from followed
        for reader in found.readers:
            self.count(f"tdcrawl/reader/{reader}", 1)
        for (field, place), number in found.chosen.items():
            self.count(f"tdcrawl/reader/css/{field}/{place}", number)
        lost = self.lost(response, found.raws)
        if why := why_failed(page, found, turn, self.session.profile, kind, led_on=bool(followed)) or lost:
            raise PageRejection(PageState.FAILED, *why)

    def lost(self, response: Response, raws: Sequence[Raw], window: int = WINDOW) -> Why | None:
        """Say which fields so many records in a row lack by this page, and warn of each that was there until now."""
        lost = self._watch.lost(raws, window)
        for name in lost.keys() - self._warned:
            look = "%s Look at it: scrapy probe %s --site %s"
            logger.warning(look, lost[name], response.url, self._site)
        self._warned |= lost.keys()
        self.count("tdcrawl/items/lost_field", len(raws) if lost else 0)
        return (PageReason.FIELD_LOST, "; ".join(lost.values())) if lost else None

    def _follow(self, response: TextResponse, raws: Sequence[Raw]) -> tuple[Turn, list[Request]]:
        """Say where a page stands in its list, and what to follow from it."""
        follow, page = self.session.profile.follow, response.meta["turned"] + 1
        products, pages = (self._selected(response, css) for css in (follow.products, follow.next))
        listed, leads = (self.session.canonical_urls(each.url for each in requests) for requests in (products, pages))
        turn = turn_page(page, response.meta.get("told"), raws, listed, leads)
        if page >= follow.max_pages:
            self.count("tdcrawl/pages/over_max_pages", len(pages))
        elif not turn.repeats:
            told = {"turned": page, "told": turn.told} | self._chain(response)
            # First, or a crawl that has read all products would have to wait for the list to be turned.
            products[:0] = [request.replace(meta=told) for request in pages]
        return turn, products

    def _chain(self, response: Response) -> dict[str, list[str]]:
        """Say to the next page which ones it was turned from, where the crawl is steered by what those fed."""
        if self.course is None:
            return {}
        return {CHAIN: [*response.meta.get(CHAIN, ()), response.meta["page_id"]][-LONGEST_CHAIN:]}

    def _selected(self, response: TextResponse, css: str | None) -> list[Request]:
        links = selected(response, css)
        self.count("tdcrawl/pages/links_left_out", max(0, len(links) - MOST_LINKS))
        return list(self._links(response, links[:MOST_LINKS], self.parse))

    def _links(self, response: Response, links: Iterable[str], callback: Any) -> Iterator[Request]:
        # One after the other: a sitemap lists fifty thousand, and others wait.
        for link in links:
            if url := followable(response, link):
                yield self._request(url, callback)
            else:
                self.count("tdcrawl/pages/unfollowable_links", 1)

    def _request(self, url: str, callback: Any) -> Request:
        return Request(without_userinfo(url), callback=callback, meta={"turned": 0})
