"""Large pages are parsed beside the crawl, and one that cannot be parsed in time fails."""

import asyncio
import threading
import weakref

import pytest
from scrapy.http import HtmlResponse, Request, Response

from tdcrawl.middlewares.decoding import Room, TrueEncoding
from tdcrawl.outcomes import PageReason, PageRejection

URL = "https://shop.example/"


def processed(body: bytes, seconds: float = 60) -> Response:
    """Take a page through the middleware."""
    return asyncio.run(TrueEncoding(seconds, Room(1)).process_response(Request(URL), HtmlResponse(URL, body=body)))


def test_large_page_comes_out_parsed_and_a_small_one_as_it_was() -> None:
    small, large = (processed(b"<p>words</p>" * number) for number in (1, 10_000))
    assert [page._cached_selector is not None for page in (small, large)] == [False, True]  # type: ignore[attr-defined]
    assert isinstance(large, HtmlResponse)
    assert len(large.css("p")) == 10_000


def test_page_that_takes_too_long_to_parse_fails() -> None:
    attributes = b" ".join(b"a%d" % number for number in range(40_000))
    with pytest.raises(PageRejection, match="it takes longer than DOWNLOAD_TIMEOUT") as rejected:
        processed(b"<a " + attributes + b">", seconds=0.01)
    assert rejected.value.reason is PageReason.PARSE_ERROR


@pytest.mark.usefixtures("without_collections")
def test_large_page_that_nobody_reads_goes_at_once() -> None:
    kept = weakref.ref(processed(b"<p>words</p>" * 10_000))
    for parser in [thread for thread in threading.enumerate() if thread.name == "parser"]:
        parser.join()
    assert kept() is None


def test_large_answer_that_is_no_text_is_left_alone() -> None:
    picture = Response(URL, body=b"\x89PNG" * 50_000)
    assert asyncio.run(TrueEncoding(60, Room(1)).process_response(Request(URL), picture)) is picture


def test_large_page_waits_until_there_is_room_for_it() -> None:
    async def come() -> None:
        room, pages = Room(1_000), [HtmlResponse(URL, body=b"x" * size) for size in (600, 400, 1)]
        waits = [asyncio.ensure_future(room.enter(page)) for page in pages]
        await asyncio.sleep(0)
        assert [entered.done() for entered in waits] == [True, True, False]
        pages.pop(0)
        await waits[2]

    asyncio.run(come())


def test_large_page_waits_no_longer_than_its_download_may_take() -> None:
    async def come() -> Response:
        room, before = Room(1), HtmlResponse(URL, body=b"<p>words</p>" * 10_000)
        await room.enter(before)
        return await TrueEncoding(0.2, room).process_response(Request(URL), before.replace(url=f"{URL}2"))

    assert asyncio.run(come()).css("p")
