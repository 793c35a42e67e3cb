"""Each host is asked once what it says of itself: robots.txt, then the files beside it, as gently as its pages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import inf
from time import monotonic

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached

from tdcrawl.optout.gathering import BESIDE, ROBOTS_TXT, gather, licenses
from tdcrawl.optout.reading import TOO_MANY_REQUESTS, File, Reading
from tdcrawl.optout.robots_txt import MOST_BYTES
from tdcrawl.optout.table import named_agents
from tdcrawl.outcomes import NotReadError

logger = logging.getLogger(__name__)

SITE_FILE = "site_file"
"""What the meta of a request for a file of the site itself has: nobody is asked whether that may be read."""
LONGEST_CRAWL_DELAY = 600
"""Seconds between two pages: a crawl that is to be slower than that does not come."""
_READ_FIRST = 1_000
_SECONDS_UNTIL_STALE = 24 * 3600  # RFC 9309, 2.4
_SECONDS_TO_WAIT, _MOST_SECONDS_TO_WAIT = 5.0, 60.0
_SECONDS_BETWEEN_LOOKS = 0.25

Heard = Callable[[Reading], Awaitable[None]]


class Hosts:
    """Keep what each host said, for a day at most; all requests to one wait for the same answer."""

    def __init__(self, crawler: Crawler, is_ending: Callable[[], bool]) -> None:
        settings = crawler.settings
        self._crawler, self._is_ending = crawler, is_ending
        self._tries = 1 + (settings.getint("RETRY_TIMES") if settings.getbool("RETRY_ENABLED") else 0)
        self.agent = settings["ROBOTSTXT_USER_AGENT"] or str(settings["USER_AGENT"]).partition("/")[0]
        self.agents = named_agents([name.strip() for name in settings.getlist("TDCRAWL_AI_AGENTS") if name.strip()])
        self.obeys_robots = settings.getbool("ROBOTSTXT_OBEY")
        self._readings: dict[str, tuple[float, asyncio.Task[Reading]]] = {}

    async def reading(self, request: Request, heard: Heard) -> Reading:
        """Give what the host of a request says; `heard` is awaited once, before anybody hears of it.

        Raises NotReadError where the crawl ends meanwhile, and what `heard` raises.
        """
        url = urlparse_cached(request)
        origin = f"{url.scheme}://{url.netloc}"
        at, task = self._readings.get(origin, (0.0, None))
        if task is None or monotonic() - at > _SECONDS_UNTIL_STALE:
            task = asyncio.ensure_future(self._ask(origin, url.netloc, request, heard))
            self._readings[origin] = monotonic(), task
        try:
            return await asyncio.shield(task)
        except NotReadError:
            # Whoever comes next asks again.
            if self._readings.get(origin, (0.0, None))[1] is task:
                del self._readings[origin]
            raise

    def none_answers(self) -> bool:
        """Say whether no host could tell what it allows, and none is still being asked."""
        tasks = [task for _, task in self._readings.values()]
        answered = [task for task in tasks if task.done() and not task.cancelled() and task.exception() is None]
        return len(answered) == len(tasks) and all(task.result().robots_txt.cannot_be_told for task in answered)

    async def _ask(self, origin: str, host: str, request: Request, heard: Heard) -> Reading:
        robots_txt = await self._get(origin + ROBOTS_TXT, leaves=True)
        beside: list[File] = []
        if not (self.obeys_robots and robots_txt.cannot_be_told):
            reading = gather(host, datetime.now(UTC), robots_txt, (), self.agent, self.agents)
            self._slow_down(request, reading)
            addresses = [*(origin + path for path in BESIDE), *licenses(robots_txt)]
            beside = [await self._get(url) for url in addresses]
        reading = gather(host, datetime.now(UTC), robots_txt, beside, self.agent, self.agents)
        await heard(reading)
        return reading

    async def _get(self, url: str, *, leaves: bool = False) -> File:
        """Get a file, if need be more than once; robots.txt alone may lead to another site (RFC 9309, 2.3.1.2)."""
        file = File(url, None, problem="nobody asked for it")
        for left in reversed(range(self._tries)):
            file, wait = await self._get_once(url, leaves=leaves)
            if not file.cannot_be_told or not left or wait > _MOST_SECONDS_TO_WAIT:
                break
            await self._sleep(wait)
        return file

    async def _get_once(self, url: str, *, leaves: bool) -> tuple[File, float]:
        """Ask for a file once; gives how long to wait before it is asked for again, too."""
        meta: dict[str, object] = {SITE_FILE: True, "dont_retry": True, "allow_offsite": leaves}
        meta |= {} if leaves else {"download_maxsize": MOST_BYTES}
        request = Request(url, callback=NO_CALLBACK, meta=meta, priority=_READ_FIRST)
        try:
            response = await self._crawler.engine.download_async(request)
        except NotReadError:
            raise
        except Exception as error:
            if self._is_ending():
                raise NotReadError("the crawl was told to end") from error
            # What redirects without end, or leaves the site, does so again.
            never = isinstance(error, IgnoreRequest)
            return File(url, None, problem=str(error) or type(error).__name__), inf if never else 0
        wait = _seconds_to_wait(response) if response.status == TOO_MANY_REQUESTS else 0
        return File(url, response.status, response.body), wait

    async def _sleep(self, seconds: float) -> None:
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            if self._is_ending():
                raise NotReadError("the crawl was told to end")
            await asyncio.sleep(min(left, _SECONDS_BETWEEN_LOOKS))

    def _slow_down(self, request: Request, reading: Reading) -> None:
        """Wait as long between the pages of a host as it asks for, never less than was set."""
        seconds = reading.robots.crawl_delay(self.agent)
        if not (self.obeys_robots and 0 < seconds <= LONGEST_CRAWL_DELAY):
            return
        downloader = self._crawler.engine.downloader
        key = downloader.get_slot_key(request)
        usual = downloader.per_slot_settings.get(key, {})
        slot = downloader.slots.get(key)
        delay = max(seconds, slot.delay if slot else 0, usual.get("delay", 0))
        # A slot that has nothing to do for a while is made anew; and a delay that varies would at times be shorter.
        downloader.per_slot_settings[key] = {**usual, "delay": delay, "jitter": 0}
        if slot:
            slot.delay, slot.jitter = delay, 0


def _seconds_to_wait(response: Response) -> float:
    """Read Retry-After: seconds, or a date."""
    said = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    try:
        seconds = float(said) if said.isdigit() else (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return _SECONDS_TO_WAIT
    return max(0.0, seconds)
