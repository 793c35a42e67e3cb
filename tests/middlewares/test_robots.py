"""robots.txt, when several requests wait for it at once."""

import asyncio
from pathlib import Path
from typing import Any

from scrapy.http import Request, TextResponse
from scrapy.robotstxt import RobotParser

from tdcrawl.middlewares.robots import ObeyRobotsTxt
from tests.crawlers import a_spider

PAGES = [f"https://shop.example/no/{number}" for number in range(5)]


class SlowEngine:
    """Answer with robots.txt once everybody waits for it: a real engine would have to be timed."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = asyncio.Event()

    async def download_async(self, request: Request) -> TextResponse:
        """Note what was asked for, and answer when it is time."""
        self.asked.append(request.url)
        await self.answers.wait()
        return TextResponse(request.url, body=b"User-agent: *\nDisallow: /no/", encoding="utf-8")


async def heard(crawler: Any) -> tuple[list[str], list[RobotParser | None]]:
    crawler.engine = engine = SlowEngine()
    middleware = ObeyRobotsTxt(crawler)
    waiting = [asyncio.ensure_future(middleware.robot_parser(Request(url))) for url in PAGES]
    await asyncio.sleep(0)
    engine.answers.set()
    return engine.asked, await asyncio.gather(*waiting)


def test_everybody_hears_robots_txt_when_several_wait_for_it(tmp_path: Path) -> None:
    with a_spider(tmp_path) as spider:
        asked, parsers = asyncio.run(heard(spider.crawler))
    assert asked == ["https://shop.example/robots.txt"]
    assert None not in parsers
    assert not any(parser.allowed(url, "tdcrawl") for parser, url in zip(parsers, PAGES, strict=True) if parser)
