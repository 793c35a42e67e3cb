"""Pages fetched one by one, as gently as in a crawl, but written down nowhere; and pages saved on this machine."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import HtmlResponse, Request, Response, TextResponse
from scrapy.settings import BaseSettings, Settings
from twisted.python.failure import Failure

from tdcrawl import page_outcomes
from tdcrawl.archiving import header_lines
from tdcrawl.errors import SiteError
from tdcrawl.extract.reading import Page, has_markup
from tdcrawl.links import without_userinfo
from tdcrawl.outcomes import PageReason, PageRejection, PageState
from tdcrawl.politeness import apply_site_settings, identify
from tdcrawl.probing.probe import Snapshot
from tdcrawl.rendering import through_browser, use_browser
from tdcrawl.sites.profile import SiteProfile

Got = Snapshot | PageRejection
"""A page, or why there is none."""

# What only a crawl with a ledger needs: nothing is scraped here, and nothing kept.
_BARE: dict[str, Any] = {
    "ITEM_PIPELINES": {},
    "ITEM_PROCESSOR": "scrapy.pipelines.ItemPipelineManager",
    "SPIDER_MIDDLEWARES": {},
    "EXTENSIONS": {},
    "LOG_FORMATTER": "scrapy.logformatter.LogFormatter",
    "JOBDIR": None,
    # One after the other: nobody is in a hurry for a few pages.
    "CONCURRENT_REQUESTS": 1,
}


class PageSpider(Spider):
    """Fetch some pages and follow nothing."""

    name = "pages"

    def __init__(self, *, urls: Sequence[str], meta: dict[str, Any], got: dict[str, Got], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.urls = urls
        self.meta = meta
        self.got = got

    async def start(self) -> AsyncIterator[Request]:
        """Ask for each page once."""
        for url in dict.fromkeys(self.urls):
            yield Request(url, self.parse, errback=self.on_failure, meta=self.meta, cb_kwargs={"asked": url})

    def parse(self, response: Response, asked: str) -> None:
        """Keep a page."""
        self.got[asked] = _snapshot(response, asked)

    def on_failure(self, failure: Failure) -> None:
        """Keep why there is none."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
        self.got[request.cb_kwargs["asked"]] = page_outcomes.of_failure(failure)


def get_pages(urls: Sequence[str], settings: BaseSettings, profile: SiteProfile | None) -> dict[str, Got]:
    """Get pages from the web or, where an address is a file here, from disk, in the order given.

    Where there is a site file, as gently and through such a browser as it says. Raises SiteError for what is neither
    address nor file, or for what the site file may not set; SettingError where there is no browser.
    """
    if profile:
        apply_site_settings(settings, profile)
    files = {url: file for url in urls if (file := _file(url))}
    wanted = [url if url in files else _address(url) for url in urls]
    got = {url: _read(url, file) for url, file in files.items()}
    if addresses := [url for url in wanted if url not in files]:
        got |= _fetch(addresses, settings, profile)
    ended = PageRejection(PageState.FAILED, PageReason.UNREACHABLE, "the command was ended before it was fetched")
    return {url: got.get(url, ended) for url in wanted}


def _address(url: str) -> str:
    try:
        if urlsplit(url).scheme in {"http", "https"} and urlsplit(url).hostname:
            return without_userinfo(url)
    except ValueError:
        pass
    raise SiteError(f"{url}: give an http(s) address, or an .html file that is there")


def _fetch(urls: Sequence[str], settings: BaseSettings, profile: SiteProfile | None) -> dict[str, Got]:
    bare = Settings(settings.copy())
    bare.setdict(_BARE, priority="cmdline")
    identify(bare)
    if profile:
        use_browser(bare, profile)
    meta = through_browser(profile, bare.getint("DOWNLOAD_MAXSIZE")) if profile else {}
    process = AsyncCrawlerProcess(bare)
    got: dict[str, Got] = {}
    process.crawl(PageSpider, urls=urls, meta=meta, got=got)
    process.start()
    return got


def _file(url: str) -> Path | None:
    path = Path(unquote(urlsplit(url).path) if url.startswith("file:") else url)
    return path if path.suffix in {".html", ".htm"} and path.is_file() else None


def _read(url: str, file: Path) -> Got:
    """Read a saved page, at home where it says that it is."""
    try:
        response = HtmlResponse(file.absolute().as_uri(), body=file.read_bytes())
    except OSError as error:
        return PageRejection(PageState.FAILED, PageReason.UNREACHABLE, f"cannot read it: {error.strerror}")
    home = response.css("link[rel=canonical]::attr(href), meta[property='og:url']::attr(content)").get("")
    at = home if urlsplit(home).scheme in {"http", "https"} else response.url
    return Snapshot(url, Page(at, response.selector), saved=True)


def _snapshot(response: Response, asked: str) -> Got:
    if not isinstance(response, TextResponse) or not has_markup(response.selector):
        return PageRejection(PageState.FAILED, PageReason.PARSE_ERROR, "it is no HTML")
    return Snapshot(asked, Page(response.url, response.selector), header_lines(response))
