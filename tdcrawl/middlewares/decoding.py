"""Pages are read in the encoding that they are in, and large ones are parsed beside the crawl."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response, TextResponse

from tdcrawl.asking_hosts import SITE_FILE
from tdcrawl.decoding import decoded
from tdcrawl.outcomes import PageReason, PageRejection, PageState

# Below that the parser takes a fifth of a second at most, whatever the markup is.
_LARGE = 60_000


class TrueEncoding:
    """Correct the encoding of each response, and parse those that may hold the crawl up."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Give the parser as long as the download may take."""
        return cls(crawler.settings.getfloat("DOWNLOAD_TIMEOUT"))

    async def process_response(self, request: Request, response: Response) -> Response:
        """Give the response, with the encoding that its bytes tell; raises PageRejection where it cannot be parsed."""
        if SITE_FILE in request.meta:
            return response
        response = decoded(response)
        if isinstance(response, TextResponse) and len(response.body) > _LARGE:
            try:
                # A tag with a hundred thousand attributes takes minutes; the response keeps what was parsed.
                await asyncio.wait_for(_apart(lambda: response.selector), self._seconds)
            except TimeoutError:
                detail = f"it takes longer than DOWNLOAD_TIMEOUT ({self._seconds:g} s) to parse"
                raise PageRejection(PageState.FAILED, PageReason.PARSE_ERROR, detail) from None
        return response


def _apart(work: Callable[[], object]) -> asyncio.Future[None]:
    """Do something on a thread that nobody waits for at the end: a parser cannot be told to stop."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def run() -> None:
        # What goes wrong there goes wrong again, and is told, where the page is read.
        with suppress(Exception):
            work()
        with suppress(RuntimeError):  # The crawl is over.
            loop.call_soon_threadsafe(_finish, done)

    Thread(target=run, name="parser", daemon=True).start()
    return done


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
