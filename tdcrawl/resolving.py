"""The door to names: Scrapy's resolver, which gives no address that a crawl may not connect to.

What is looked at here is what is connected to: between a look of our own and Scrapy's, a name could change its mind.
"""

from collections.abc import Sequence
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from tdcrawl.network import Network
from tdcrawl.setting_values import read_network


class ForbiddenAddressError(DNSLookupError):
    """Say that a name stands for an address that may not be connected to."""


class GuardedResolver(CachingThreadedResolver):
    """Resolve names, but for those that lead where the network says no; proxies are the user's own choice."""

    network: Network
    proxies: frozenset[str]

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Build it from the settings; raises SettingError."""
        resolver = super().from_crawler(crawler, reactor)
        resolver.network = read_network(crawler.settings)
        resolver.proxies = frozenset(filter(None, (urlsplit(proxy).hostname for proxy in getproxies().values())))
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":  # noqa: N802 - Twisted's name
        """Give the address of a name; fails with ForbiddenAddressError."""
        found = super().getHostByName(name, timeout)
        return found if name in self.proxies else found.addCallback(self._allowed)

    def _allowed(self, address: str) -> str:
        if why := self.network.refusal_of_all([address]):
            raise ForbiddenAddressError(why)
        return address
