"""No request goes where a crawl may not go, by its scheme, port or address: the first one, and all after redirects."""

from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.error import DNSLookupError

from tdcrawl.network import Network
from tdcrawl.outcomes import PageReason, PageRejection, PageState
from tdcrawl.resolving import ForbiddenAddressError
from tdcrawl.setting_values import read_network


class NetworkGuard:
    """Refuse requests by their address, then by what their host's name stands for."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it from the settings; raises SettingError."""
        return cls(read_network(crawler.settings))

    async def process_request(self, request: Request) -> None:
        """Let a request pass, or raise PageRejection."""
        why = self._network.refusal(request.url) or await _refused_name(urlparse_cached(request).hostname or "")
        if why:
            detail = f"{urlparse_cached(request).netloc} may not be asked: {why}"
            raise PageRejection(PageState.SKIPPED, PageReason.FORBIDDEN_ADDRESS, detail)


async def _refused_name(host: str) -> str | None:
    from twisted.internet import reactor  # noqa: PLC0415 - whoever imports it first decides which one it is

    try:
        await maybe_deferred_to_future(reactor.resolve(host))  # type: ignore[arg-type]  # Twisted's own stub is wrong
    except ForbiddenAddressError as error:
        return str(error.args[0])
    except DNSLookupError:
        pass  # The download will say so.
    return None
