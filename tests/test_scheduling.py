"""Scheduling: what pages lead to is written down, and once is enough."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import Request
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError

from tdcrawl import scheduling
from tdcrawl.scheduling import Scheduling
from tdcrawl.spiders.retailer_reviews import RetailerReviews
from tdcrawl.store.steering import CHAIN
from tdcrawl.store.tables import pages
from tests.crawlers import NO_MORE_PAGES, a_spider

SHOP = "https://shop.example"


@pytest.fixture
def spider(tmp_path: Path) -> Iterator[RetailerReviews]:
    """Open a spider of an invented shop, which has nobody to read what it would take."""
    with a_spider(tmp_path) as opened:
        opened.feeder.close()
        yield opened


def link(path: str) -> Request:
    return Request(f"{SHOP}{path}", meta={"turned": 0})


def stored(spider: RetailerReviews) -> list[str]:
    with spider.session.ledger.engine.connect() as connection:
        return list(connection.scalars(select(pages.c.canonical_url).order_by(pages.c.position)))


def told_again(spider: RetailerReviews, *paths: str) -> list[str]:
    """Schedule two pages, forget them behind the back of the crawl, and schedule others."""

    async def scene() -> None:
        told = Scheduling(spider)
        await told.schedule([link("/product/1"), link("/product/2")])
        with spider.session.ledger.engine.begin() as connection:
            connection.execute(delete(pages))
        await told.schedule(map(link, paths))

    asyncio.run(scene())
    return stored(spider)


def test_turned_page_is_written_down_with_the_priority_it_goes_back_from(spider: RetailerReviews) -> None:
    turned = Request(f"{SHOP}/product/7?page=2", meta={"turned": 1, CHAIN: ["one"]}, priority=3)
    asyncio.run(Scheduling(spider).schedule([Request(f"{SHOP}/product/7", meta={"turned": 0}, priority=3), turned]))
    with spider.session.ledger.engine.connect() as connection:
        kept = connection.execute(select(pages.c.request, pages.c.priority).order_by(pages.c.position)).all()
    assert kept == [
        ({"callback": "parse", "meta": {"turned": 0}}, 3),
        ({"callback": "parse", "meta": {"turned": 1, "chain": ["one"]}, "priority": 3}, 3),
    ]


def test_page_that_many_link_to_is_told_of_once(spider: RetailerReviews) -> None:
    assert told_again(spider, "/product/1", "/product/3", "/product/2") == [f"{SHOP}/product/3"]


def test_no_more_than_the_last_pages_are_remembered(spider: RetailerReviews, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "_REMEMBERED", 1)
    assert told_again(spider, "/product/1", "/product/2") == [f"{SHOP}/product/1"]


def test_long_addresses_are_not_remembered(spider: RetailerReviews, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "_LONGEST", len(f"{SHOP}/product/1") - 1)
    assert told_again(spider, "/product/1") == [f"{SHOP}/product/1"]


def test_links_are_counted_that_lead_nowhere_whenever_they_are_seen(spider: RetailerReviews) -> None:
    elsewhere = Request("https://elsewhere.example/", meta={"turned": 0})

    async def scene() -> None:
        told = Scheduling(spider)
        await told.schedule([elsewhere, link("/product/1")])
        await told.schedule([elsewhere, link("/product/1")])

    asyncio.run(scene())
    stats = spider.crawler.stats.get_stats()
    assert (stats["tdcrawl/pages/off_site_links"], stats["tdcrawl/pages/scheduled"]) == (2, 1)


def test_pages_that_could_not_be_written_down_are_told_of_again(spider: RetailerReviews) -> None:
    engine = spider.session.ledger.engine

    async def scene() -> None:
        told = Scheduling(spider)
        with engine.begin() as connection:
            connection.execute(text(NO_MORE_PAGES))
        with pytest.raises(IntegrityError, match="no more pages"):
            await told.schedule([link("/product/1")])
        with engine.begin() as connection:
            connection.execute(text("DROP TRIGGER none"))
        await told.schedule([link("/product/1")])

    asyncio.run(scene())
    assert stored(spider) == [f"{SHOP}/product/1"]
