"""The page ledger: a page is done once all it yielded is settled, and no item stays on its way for good."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from sqlalchemy import select, text

from tdcrawl.middlewares.page_ledger import PageLedger
from tdcrawl.outcomes import AnyStageReason, Bucket, Rejection
from tdcrawl.records.base import TrainingItem
from tdcrawl.spiders.retailer_reviews import RetailerReviews
from tdcrawl.store.tables import pages
from tests.crawlers import NO_MORE_PAGES, a_spider

PAGE = "https://shop.example/product/7"
RAW = {"review_id": "R1", "product_id": "7", "text": "words"}
BROKEN = Rejection(Bucket.FAILED, AnyStageReason.STAGE_ERROR, "it broke")
EVIDENCE = {"errors": [], "message": "it broke", "item": {}}


@pytest.fixture
def spider(tmp_path: Path) -> Iterator[RetailerReviews]:
    """Open a spider of an invented shop."""
    with a_spider(tmp_path) as opened:
        yield opened


async def started(ledger: PageLedger, url: str = PAGE) -> Response:
    """Schedule a page and answer it."""

    async def one() -> AsyncIterator[Request]:
        yield Request(url, meta={"turned": 0})

    # Without an engine nobody is there to read what the feeder would take.
    ledger._spider.feeder.close()
    assert [request async for request in ledger.process_start(one())] == []
    (page,) = (await ledger._session.ledger.lease(1)).pages
    return Response(url, request=Request(url, meta={"page_id": page.page_id, "page_url": page.url}))


async def output(spider: RetailerReviews, response: Response, error: Exception | None = None) -> AsyncIterator[Any]:
    """Yield one item as a callback does, and fail after it where told to."""
    for item in spider.session.items([RAW], response.meta["page_id"], PAGE):
        yield item
    if error:
        raise error


async def settle(spider: RetailerReviews, items: AsyncIterator[Any]) -> list[TrainingItem]:
    """Take what a page yields and settle it at once."""
    taken = []
    async for item in items:
        taken.append(item)
        asyncio.get_running_loop().call_soon(spider.session.in_flight.end, item.item_id)
    return taken


def state(spider: RetailerReviews) -> list[tuple[str, str | None]]:
    with spider.session.ledger.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(pages.c.state, pages.c.reason))]


def test_page_stays_pending_until_its_last_item_is_settled(spider: RetailerReviews) -> None:
    async def scene() -> tuple[list[Any], list[Any]]:
        ledger = PageLedger(spider)
        response = await started(ledger)
        outputs = ledger.process_spider_output(response, output(spider, response))
        item = await anext(outputs)
        rest = asyncio.ensure_future(anext(outputs, None))
        await spider.session.ledger.schedule([])
        before = state(spider)
        spider.session.in_flight.end(item.item_id)
        await rest
        await spider.session.ledger.schedule([])
        return before, state(spider)

    assert asyncio.run(scene()) == ([("pending", None)], [("done", None)])


def test_item_that_has_its_outcome_is_on_its_way_no_more(spider: RetailerReviews) -> None:
    async def scene() -> list[TrainingItem]:
        ledger, session = PageLedger(spider), spider.session
        first = await started(ledger)
        (item,) = await settle(spider, ledger.process_spider_output(first, output(spider, first)))
        await session.ledger.reject(item, session.terms, "some_stage", BROKEN, EVIDENCE)
        second = await started(ledger, f"{PAGE}?page=2")
        assert await settle(spider, ledger.process_spider_output(second, output(spider, second))) == []
        await session.ledger.schedule([])
        return [item]

    (item,) = asyncio.run(scene())
    assert item.item_id not in spider.session.in_flight


def test_page_with_an_item_that_was_left_without_outcome_stays_pending(spider: RetailerReviews) -> None:
    async def scene() -> None:
        ledger = PageLedger(spider)
        response = await started(ledger)
        spider.session.left_pending.add(response.meta["page_id"])
        await settle(spider, ledger.process_spider_output(response, output(spider, response)))
        await spider.session.ledger.schedule([])

    asyncio.run(scene())
    assert state(spider) == [("pending", None)]


def test_callback_that_breaks_keeps_what_it_had_read(spider: RetailerReviews) -> None:
    async def scene() -> list[TrainingItem]:
        ledger = PageLedger(spider)
        response = await started(ledger)
        broken = output(spider, response, ZeroDivisionError("by zero"))
        taken = await settle(spider, ledger.process_spider_output(response, broken))
        await spider.session.ledger.schedule([])
        return taken

    assert [item.raw["text"] for item in asyncio.run(scene())] == ["words"]
    assert state(spider) == [("failed", "parse_error")]


def test_page_whose_redirect_cannot_be_written_down_stays_pending_and_the_crawl_goes_on(
    spider: RetailerReviews, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        ledger = PageLedger(spider)
        request = (await started(ledger)).request
        assert request is not None
        with spider.session.ledger.engine.begin() as connection:
            connection.execute(text(NO_MORE_PAGES))
        spider.feeder._in_hand.add(request.meta["page_id"])
        led = request.replace(url="https://shop.example/product/8")
        led.meta["redirect_times"] = 1
        with pytest.raises(IgnoreRequest):
            ledger.on_scheduled(led)
        await spider.session.ledger.lease(1)

    asyncio.run(scene())
    assert spider.stopping is None
    assert "A page stays pending, where it redirects to cannot be written down" in caplog.text
    assert "no more pages" in caplog.text
    assert (state(spider), len(spider.feeder)) == ([("pending", None)], 0)
