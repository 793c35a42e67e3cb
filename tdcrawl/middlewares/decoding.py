"""Pages are read in the encoding that they are in, and large ones are parsed beside the crawl."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Self
from weakref import finalize

from scrapy.crawler import Crawler
from scrapy.http import Request, Response, TextResponse

from tdcrawl.asking_hosts import SITE_FILE
from tdcrawl.decoding import decoded, parsed
from tdcrawl.outcomes import PageReason, PageRejection, PageState

# Below that the parser takes a fifth of a second at most, whatever the markup is.
_LARGE = 60_000


class Room:
    """Let large responses in as long as there is room for their bytes; each leaves once nobody holds it any more.

    Parsed, a page takes up to five times its size, and all that come at a time would add up.
    """

    def __init__(self, size: int) -> None:
        self._size, self._taken = size, 0
        self._left = asyncio.Event()

    async def enter(self, response: Response) -> None:
        """Wait until a response fits in, or is alone."""
        size = len(response.body)
        while self._taken and self._taken + size > self._size:
            self._left.clear()
            await self._left.wait()
        self._taken += size
        # A parser that was given up lets go of its page on its own thread, and that may be after the end.
        loop = asyncio.get_running_loop()
        finalize(response, _in_loop, loop, partial(self._leave, size)).atexit = False

    def _leave(self, size: int) -> None:
        self._taken -= size
        self._left.set()


class TrueEncoding:
    """Correct the encoding of each response, and parse those that may hold the crawl up."""

    def __init__(self, seconds: float, room: Room) -> None:
        self._seconds, self._room = seconds, room

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Give the parser as long as the download may take, and as much room as Scrapy gives to pages being read."""
        settings = crawler.settings
        return cls(settings.getfloat("DOWNLOAD_TIMEOUT"), Room(settings.getint("SCRAPER_SLOT_MAX_ACTIVE_SIZE")))

    async def process_response(self, request: Request, response: Response) -> Response:
        """Give the response, with the encoding that its bytes tell; raises PageRejection where it cannot be parsed."""
        if SITE_FILE in request.meta:
            return response
        response = decoded(response)
        if isinstance(response, TextResponse) and len(response.body) > _LARGE:
            with suppress(TimeoutError):  # Then it is memory that gives way, not the crawl.
                await asyncio.wait_for(self._room.enter(response), self._seconds)
            try:
                # A tag with a hundred thousand attributes takes minutes; the response keeps what was parsed.
                await asyncio.wait_for(_apart(partial(parsed, response)), self._seconds)
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
        _in_loop(loop, partial(_finish, done))

    Thread(target=run, name="parser", daemon=True).start()
    return done


def _in_loop(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    with suppress(RuntimeError):  # The crawl is over.
        loop.call_soon_threadsafe(work)


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
