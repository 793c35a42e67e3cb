"""robots.txt is obeyed by every request, whichever of them asked for it."""

import asyncio
from collections import defaultdict

from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Request, Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500
_NOTHING_IS_ALLOWED = b"User-agent: *\nDisallow: /\n"


class ObeyRobotsTxt(RobotsTxtMiddleware):
    """Obey robots.txt as Scrapy does, but for two things in which Scrapy 2.19 lets requests through.

    Of several requests that wait for one robots.txt it tells only the first what it says. And a server that cannot
    answer has not allowed anything (RFC 9309, 2.3.1.4).
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Give what a request's host allows; one request asks for it, the others wait their turn."""
        async with self._asking[urlparse_cached(request).netloc]:
            return await super().robot_parser(request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status == _TOO_MANY_REQUESTS or response.status >= _SERVER_ERROR:
            response = response.replace(body=_NOTHING_IS_ALLOWED)
        await super()._parse_robots(response, netloc, request)
