"""What a host says is asked for once, whoever waits for it; and how slowly it wants to be read is how slowly it is."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scrapy.core.downloader import Slot
from scrapy.http import Request, Response, TextResponse

from tdcrawl import asking_hosts
from tdcrawl.asking_hosts import Hosts
from tdcrawl.middlewares.permission import AskPermission
from tdcrawl.outcomes import NotReadError, PageReason
from tests.crawlers import a_spider

PAGES = [f"https://shop.example/no/{number}" for number in range(5)]
Answer = Callable[[str], Response]


class Downloader:
    """Hold the slot of a host as Scrapy's does, without a reactor to run its timers."""

    def __init__(self, delay: float) -> None:
        self.slots = {"shop.example": Slot(concurrency=2, delay=delay, jitter=0.5)}
        self.per_slot_settings: dict[str, dict[str, Any]] = {}

    def get_slot_key(self, request: Request) -> str:
        """Name the slot of a request."""
        return "shop.example"


class SlowEngine:
    """Answer once everybody waits: a real engine would have to be timed."""

    running = True

    def __init__(self, answer: Answer, delay: float = 1) -> None:
        self.asked: list[str] = []
        self.answers = asyncio.Event()
        self.downloader = Downloader(delay)
        self._answer = answer

    async def close_spider_async(self, *, reason: str) -> None:
        """Note why the crawl was ended."""
        self.asked.append(reason)

    async def download_async(self, request: Request) -> Response:
        """Note what was asked for, and answer when it is time."""
        self.asked.append(request.url)
        await self.answers.wait()
        return self._answer(request.url)


def says(robots: str) -> Answer:
    def answer(url: str) -> Response:
        if url.endswith("/robots.txt"):
            return TextResponse(url, body=robots.encode(), encoding="utf-8")
        return Response(url, status=404)

    return answer


async def passed(crawler: Any, engine: SlowEngine) -> list[BaseException | None]:
    """Let requests for all pages wait for the same host; gives what became of each."""
    crawler.engine = engine
    middleware = AskPermission.from_crawler(crawler)
    waiting = [asyncio.ensure_future(middleware.process_request(Request(url))) for url in PAGES]
    await asyncio.sleep(0)
    engine.answers.set()
    return await asyncio.gather(*waiting, return_exceptions=True)


def run(tmp_path: Path, answer: Answer, delay: float = 1, **settings: str) -> tuple[list[Any], SlowEngine]:
    async def work() -> tuple[list[Any], SlowEngine]:
        engine = SlowEngine(answer, delay)
        ended = await passed(spider.crawler, engine)
        if spider.stopping:
            await spider.stopping
        return ended, engine

    with a_spider(tmp_path, **settings) as spider:
        return asyncio.run(work())


def test_everybody_hears_robots_txt_when_several_wait_for_it(tmp_path: Path) -> None:
    ended, engine = run(tmp_path, says("User-agent: *\nDisallow: /no/"))
    assert engine.asked == [
        f"https://shop.example{path}" for path in ("/robots.txt", "/.well-known/tdmrep.json", "/ai.txt")
    ]
    assert [error.reason for error in ended] == [PageReason.ROBOTS_DISALLOWED] * 5


@pytest.mark.parametrize(
    ("usual", "robots", "delay", "jitter"),
    [
        (1, "User-agent: *\nCrawl-delay: 7", 7, 0),
        (10, "User-agent: *\nCrawl-delay: 7", 10, 0),
        (1, "User-agent: other\nCrawl-delay: 7", 1, 0.5),
    ],
)
def test_crawl_delay_raises_the_delay_of_the_slot_and_never_lowers_it(
    tmp_path: Path, usual: float, robots: str, delay: float, jitter: float
) -> None:
    ended, engine = run(tmp_path, says(robots), usual)
    slot = engine.downloader.slots["shop.example"]
    assert ended == [None] * 5
    assert (slot.delay, slot.jitter) == (delay, jitter)
    kept = engine.downloader.per_slot_settings
    assert kept == ({"shop.example": {"delay": delay, "jitter": 0}} if jitter == 0 else {})


def test_a_host_that_wants_to_be_read_too_slowly_is_left_alone(tmp_path: Path) -> None:
    ended, engine = run(tmp_path, says("User-agent: *\nCrawl-delay: 601"))
    assert {error.detail for error in ended} == {"robots.txt wants 601 s between pages, more than 600 s"}
    assert engine.downloader.slots["shop.example"].delay == 1


@pytest.mark.parametrize(("agents", "reasons"), [("known", {"opted_out"}), ("", set()), ("MyBot", {"opted_out"})])
def test_groups_of_agents_that_train_are_honoured_as_the_setting_says(
    tmp_path: Path, agents: str, reasons: set[str]
) -> None:
    robots = "User-agent: GPTBot\nUser-agent: mybot\nDisallow: /no/\n"
    ended, _ = run(tmp_path, says(robots), TDCRAWL_AI_AGENTS=agents)
    assert {str(error.reason) for error in ended if error} == reasons


def test_opt_outs_are_heard_where_robots_txt_is_not_obeyed(tmp_path: Path) -> None:
    robots = "User-agent: *\nDisallow: /no/\nContent-Usage: /no/1 train-ai=n\n"
    ended, _ = run(tmp_path, says(robots), ROBOTSTXT_OBEY="False")
    assert [getattr(error, "reason", None) for error in ended] == [None, "opted_out", None, None, None]


def test_a_host_is_asked_again_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking_hosts, "_SECONDS_UNTIL_STALE", -1)
    _, engine = run(tmp_path, says(""))
    assert engine.asked.count("https://shop.example/robots.txt") == len(PAGES)


def test_a_crawl_that_ends_gives_its_pages_back_while_a_host_makes_it_wait(tmp_path: Path) -> None:
    async def ask(crawler: Any) -> None:
        engine = SlowEngine(lambda url: Response(url, status=429, headers={"Retry-After": "30"}))
        engine.answers.set()
        crawler.engine = engine
        hosts = Hosts(crawler, lambda: bool(engine.asked))
        with pytest.raises(NotReadError, match="the crawl was told to end"):
            await hosts.reading(Request(PAGES[0]), lambda _: asyncio.sleep(0))

    with a_spider(tmp_path) as spider:
        asyncio.run(ask(spider.crawler))


def test_a_host_that_asks_to_be_left_alone_for_long_is_asked_no_more(tmp_path: Path) -> None:
    ended, engine = run(tmp_path, lambda url: Response(url, status=429, headers={"Retry-After": "3600"}))
    assert engine.asked == ["https://shop.example/robots.txt", "robots_unavailable"]
    assert all(isinstance(error, NotReadError) for error in ended)
