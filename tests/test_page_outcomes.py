"""Outcomes of pages that were refused on their way, by what Scrapy really says of them."""

import asyncio
import gzip
import tracemalloc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Error, TimeoutError  # noqa: A004 - what Playwright calls it
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.exceptions import (
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from tdcrawl import page_outcomes
from tdcrawl.middlewares.unpacking import Unpacking
from tdcrawl.outcomes import NotReadError, PageReason, PageRejection, PageState
from tdcrawl.page_outcomes import of_failure
from tests.crawlers import a_spider

PAGE = Request("https://shop.example/p")


def outcome(error: Exception) -> tuple[PageState, PageReason]:
    rejection: PageRejection = of_failure(Failure(error))
    return rejection.state, rejection.reason


def test_page_that_is_too_large_once_it_is_unpacked(tmp_path: Path) -> None:
    body = gzip.compress(b"x" * 100_000)
    small = Request(PAGE.url, meta={"download_maxsize": 50_000})
    with a_spider(tmp_path) as spider:
        unpack = Unpacking.from_crawler(spider.crawler)
    with pytest.raises(IgnoreRequest) as caught:
        unpack.process_response(small, Response(PAGE.url, body=body, headers={"Content-Encoding": "gzip"}))
    assert outcome(caught.value) == (PageState.FAILED, PageReason.TOO_LARGE)


def test_error_of_a_bomb_holds_nothing_of_what_was_unpacked(tmp_path: Path) -> None:
    bomb = Response(PAGE.url, body=gzip.compress(bytes(9_000_000)), headers={"Content-Encoding": "gzip"})
    small = Request(PAGE.url, meta={"download_maxsize": 8_000_000})
    with a_spider(tmp_path) as spider:
        unpack = Unpacking.from_crawler(spider.crawler)
    tracemalloc.start()
    try:
        with pytest.raises(IgnoreRequest) as caught:
            unpack.process_response(small, bomb)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "exceeded DOWNLOAD_MAXSIZE" in str(caught.value)
    assert held < 1_000_000
    assert most > 8_000_000


@pytest.mark.usefixtures("without_collections")
def test_page_that_was_rejected_is_let_go_at_once() -> None:
    kept: list[weakref.ref[Response]] = []

    async def callback() -> AsyncIterator[Request]:
        page = Response(PAGE.url)
        kept.append(weakref.ref(page))
        yield Request(page.url)
        # As in Scrapy's own frames: an error that is raised leads back to where it stands.
        rejection = PageRejection(PageState.FAILED, PageReason.PARSE_ERROR, "it is no page")
        raise rejection

    *_, rejected = asyncio.run(page_outcomes.collect(callback()))
    assert rejected is not None
    assert kept[0]() is None


def test_page_that_lies_off_the_site(tmp_path: Path) -> None:
    with a_spider(tmp_path) as spider:
        offsite = OffsiteMiddleware.from_crawler(spider.crawler)
        offsite.spider_opened(spider)
    with pytest.raises(IgnoreRequest) as caught:
        offsite.process_request(Request("https://other.example/"))
    assert outcome(caught.value) == (PageState.SKIPPED, PageReason.OFF_SITE)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError("Page.goto: Timeout 30000ms exceeded.\nCall log: …"), PageReason.TIMEOUT),
        (Error("Page.goto: net::ERR_CONNECTION_REFUSED at https://shop.example/p"), PageReason.UNREACHABLE),
        (Error("Page.goto: net::ERR_HTTP_RESPONSE_CODE_FAILURE at https://shop.example/p"), PageReason.HTTP_STATUS),
        (Error("Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://shop.example/p"), PageReason.TLS),
        (Error("Page.content: Target crashed"), PageReason.PARSE_ERROR),
    ],
)
def test_page_that_a_browser_could_not_get(error: Error, reason: PageReason) -> None:
    assert outcome(error) == (PageState.FAILED, reason)


@pytest.mark.parametrize(
    ("message", "state", "reason"),
    [
        ("max redirections reached", PageState.FAILED, PageReason.TRAP),
        ("Ignored request not in cache: <GET …>", PageState.FAILED, PageReason.UNREACHABLE),
    ],
)
def test_page_that_was_ignored(message: str, state: PageState, reason: PageReason) -> None:
    assert outcome(IgnoreRequest(message)) == (state, reason)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DownloadTimeoutError("it took longer than 30 s"), PageReason.TIMEOUT),
        (DownloadConnectionRefusedError("refused"), PageReason.UNREACHABLE),
        (DownloadFailedError("[('SSL routines', '', 'certificate verify failed')]"), PageReason.TLS),
    ],
)
def test_page_that_could_not_be_downloaded(error: Exception, reason: PageReason) -> None:
    assert outcome(error) == (PageState.FAILED, reason)


def test_page_of_a_host_that_cannot_tell_what_it_allows() -> None:
    assert outcome(NotReadError("robots.txt cannot be read")) == (PageState.FAILED, PageReason.UNREACHABLE)


def test_collect_lets_others_go_on_while_a_page_gives_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_outcomes, "_SECONDS_AT_A_TIME", -1)
    went_on: list[int] = []

    async def callback() -> AsyncIterator[Request]:
        for number in range(3):
            asyncio.get_running_loop().call_soon(went_on.append, number)
            yield Request(f"https://shop.example/{number}")
            assert went_on == list(range(number + 1))

    requests, items, why = asyncio.run(page_outcomes.collect(callback()))
    assert ([request.url[-1] for request in requests], items, why) == (["0", "1", "2"], [], None)
