"""Tell pages apart by their canonical address."""

import hashlib
from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request

from tdcrawl.session import Session


class CanonicalFingerprinter:
    """Give every spelling of an address the fingerprint of the page it stands for."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Remember the crawler: its spider, and so the site's rules, come later."""
        return cls(crawler)

    def fingerprint(self, request: Request) -> bytes:
        """Hash method, canonical address and body of a request."""
        session: Session = self._crawler.spider.session  # type: ignore[union-attr]
        address = session.page_request(request.url).canonical_url
        return hashlib.sha256(b"\0".join((request.method.encode(), address.encode(), request.body))).digest()
