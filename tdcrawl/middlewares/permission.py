"""No page is fetched that its host does not allow, and none is read that is not for training; what it said is kept."""

import logging
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response, TextResponse, XmlResponse

from tdcrawl.archiving import header_lines
from tdcrawl.asking_hosts import LONGEST_CRAWL_DELAY, SITE_FILE, Hosts
from tdcrawl.errors import StoreError
from tdcrawl.extract.reading import has_markup
from tdcrawl.ledger_spider import LedgerSpider
from tdcrawl.optout.page import read_page
from tdcrawl.optout.reading import Reading, Verdict
from tdcrawl.optout.statements import against_all
from tdcrawl.optout.table import Signal
from tdcrawl.outcomes import NotReadError, PageReason, PageRejection, PageState
from tdcrawl.session import ARCHIVED, FETCHED_AT
from tdcrawl.store import permissions

logger = logging.getLogger(__name__)

_MOST_UNKNOWN = 20


class AskPermission:
    """Ask a page's host before it is fetched, and the page itself before it is read.

    Both are written down before they count. A spider without a ledger is told what its pages say, not kept from them.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._hosts = Hosts(crawler, self._is_ending)
        self._ids: dict[tuple[str, datetime], str] = {}
        self._unknown: set[Signal] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read for whom robots.txt is read."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request pass where its host allows it.

        Raises PageRejection where it does not, NotReadError where nobody can tell: then the page waits for a later run.
        """
        if SITE_FILE in request.meta or ARCHIVED in request.meta:
            return
        reading = await self._hosts.reading(request, self._keep)
        if (ledger := self._ledger_spider()) and "page_id" in request.meta:
            ledger.permits[request.meta["page_id"]] = self._ids[reading.host, reading.at]
        if self._hosts.obeys_robots:
            self._obey(request, reading)
        if said := reading.against(request.url):
            raise _opted_out(said)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Let a page pass that does not speak against training; raises PageRejection for one that does."""
        spider = self._ledger_spider()
        if spider is None or SITE_FILE in request.meta:
            return response
        said, unknown = read_page(header_lines(response), _metas(response), (self._hosts.agent, *self._hosts.agents))
        new = [signal for signal in unknown if signal not in self._unknown][: _MOST_UNKNOWN - len(self._unknown)]
        if said or new:
            self._unknown |= set(new)
            await self._keep_page(spider, request, said, new)
        if said:
            raise _opted_out(said)
        return response

    def _obey(self, request: Request, reading: Reading) -> None:
        if (file := reading.robots_txt).cannot_be_told:
            why = f"{file.url} cannot be read ({file.why}): nothing of {reading.host} is fetched until it can be"
            spider = self._ledger_spider()
            if spider and spider.stopping is None and self._hosts.none_answers():
                spider.stop("robots_unavailable", f"{why}; run the same command again later")
            raise NotReadError(why)
        delay = reading.robots.crawl_delay(self._hosts.agent)
        if delay > LONGEST_CRAWL_DELAY:
            raise _disallowed(f"robots.txt wants {delay:g} s between pages, more than {LONGEST_CRAWL_DELAY} s")
        if delay:
            request.meta["autothrottle_dont_adjust_delay"] = True
        if not reading.robots.allowed(request.url, self._hosts.agent):
            raise _disallowed("robots.txt forbids it to this agent")

    async def _keep(self, reading: Reading) -> None:
        """Write down what a host said, and tell of it."""
        told = reading.told()
        if opted_out := permissions.opted_out(reading.host, reading.verdict, told["statements"]):
            logger.warning(opted_out)
        if spider := self._ledger_spider():
            row = {"host": reading.host, "read_at": reading.at, **told}
            self._ids[reading.host, reading.at] = await self._write(spider, row)

    async def _keep_page(
        self, spider: LedgerSpider, request: Request, said: Sequence[Signal], unknown: Sequence[Signal]
    ) -> None:
        """Write down what a page says that its host does not."""
        page_id = request.meta["page_id"]
        row = {
            "host": request.url.split("/")[2], "page_id": page_id, "of_host": spider.permits.get(page_id),
            "read_at": request.meta.get(FETCHED_AT) or datetime.now(UTC),
            "verdict": Verdict.OPTED_OUT if said else Verdict.ALLOWED, "files": [],
            "statements": [against_all(signal).told() for signal in said],
            "unknown": [f"{one.place} {one.token}" for one in unknown],
            "agents": [self._hosts.agent, *self._hosts.agents],
        }  # fmt: skip
        spider.permits[page_id] = await self._write(spider, row)

    async def _write(self, spider: LedgerSpider, said: dict[str, Any]) -> str:
        run = spider.session.run
        row = {"permission_id": uuid.uuid4().hex, "run_id": run.run_id, "site": run.site, "page_id": None,
               "of_host": None} | said  # fmt: skip
        try:
            await spider.session.ledger.write(permissions.add, row)
        except StoreError as error:
            spider.stop("sink_unavailable", str(error))
            raise NotReadError(str(error)) from error
        except Exception as error:
            logger.exception("What a host or page said cannot be written down: its pages stay pending")
            raise NotReadError(str(error)) from error
        return str(row["permission_id"])

    def _ledger_spider(self) -> LedgerSpider | None:
        spider = self._crawler.spider
        return spider if isinstance(spider, LedgerSpider) else None

    def _is_ending(self) -> bool:
        spider = self._ledger_spider()
        return not self._crawler.engine.running or (spider is not None and spider.stopping is not None)


def _opted_out(said: Sequence[Signal]) -> PageRejection:
    return PageRejection(PageState.SKIPPED, PageReason.OPTED_OUT, "; ".join(map(str, said)))


def _disallowed(why: str) -> PageRejection:
    return PageRejection(PageState.SKIPPED, PageReason.ROBOTS_DISALLOWED, why)


def _metas(response: Response) -> list[tuple[str, str]]:
    if not isinstance(response, TextResponse) or isinstance(response, XmlResponse) or not has_markup(response.selector):
        return []
    found = response.selector.root.iterfind(".//meta[@name][@content]")
    return [(meta.get("name"), meta.get("content")) for meta in found]
