"""Where pages and sitemaps lead: addresses that can be followed, without the passwords that some of them hold."""

import struct
from urllib.parse import urlsplit

from scrapy.http import Response, TextResponse
from scrapy.utils.gz import gunzip, gzip_magic_number
from scrapy.utils.sitemap import Sitemap

from tdcrawl.extract.reading import has_markup
from tdcrawl.outcomes import PageReason, PageRejection, PageState

MOST_LINKS = 10_000
"""So many links of a kind are followed from one page: no list for people is as long, and each takes its time."""
_KINDS = {"urlset", "sitemapindex"}


def selected(response: TextResponse, css: str | None) -> list[str]:
    """Give the links that a selector finds on a page, where it is one that has links."""
    return response.css(css).getall() if css and has_markup(response.selector) else []


def followable(response: Response, link: str) -> str | None:
    """Give the address that a link of a page leads to; None where that is no web address."""
    try:
        url = response.urljoin(link.strip())
        return without_userinfo(url) if urlsplit(url).scheme in {"http", "https"} else None
    except ValueError:
        return None


def without_userinfo(url: str) -> str:
    """Take user and password out of an address: pages are read as nobody in particular, and no secret is stored."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else url


def read_sitemap(response: Response, max_size: int) -> tuple[bool, list[str]]:
    """Say whether a sitemap lists sitemaps, and what it lists; raises PageRejection where it is none.

    One that is gzipped is unpacked, to `max_size` bytes at most.
    """
    try:
        sitemap = Sitemap(_unpacked(response, max_size))
    except (SyntaxError, StopIteration):  # lxml's errors are syntax errors.
        raise _no_sitemap() from None
    if sitemap.type not in _KINDS:
        raise _no_sitemap()
    return sitemap.type == "sitemapindex", [entry["loc"] for entry in sitemap]


def _unpacked(response: Response, max_size: int) -> bytes:
    if not gzip_magic_number(response):
        return response.body
    try:
        return gunzip(response.body, max_size=max_size)
    except ValueError:
        detail = f"it is larger than DOWNLOAD_MAXSIZE ({max_size} bytes) once unpacked"
        raise PageRejection(PageState.FAILED, PageReason.TOO_LARGE, detail) from None
    except (OSError, EOFError, struct.error):
        raise _no_sitemap() from None


def _no_sitemap() -> PageRejection:
    return PageRejection(PageState.FAILED, PageReason.PARSE_ERROR, "it is no sitemap")
