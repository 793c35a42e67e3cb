"""SiteSpider: where it starts, and what it follows from a sitemap."""

import asyncio
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, JsonResponse, Request, Response, TextResponse, XmlResponse
from scrapy.settings import Settings

from tdcrawl.errors import SiteError
from tdcrawl.outcomes import PageReason, PageRejection, PageState
from tdcrawl.spiders.retailer_reviews import RetailerReviews
from tests.crawlers import a_spider

SITEMAP = "https://shop.example/sitemap.xml"
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@pytest.fixture
def spider(tmp_path: Path) -> Iterator[RetailerReviews]:
    """Open a spider of an invented shop."""
    with a_spider(tmp_path) as opened:
        yield opened


def sitemap(kind: str, *addresses: str) -> XmlResponse:
    entry = "sitemap" if kind == "sitemapindex" else "url"
    entries = "".join(f"<{entry}><loc>{address}</loc></{entry}>" for address in addresses)
    return XmlResponse(SITEMAP, body=f"<{kind} {NAMESPACE}>{entries}</{kind}>", encoding="utf-8")


async def starts(spider: RetailerReviews) -> list[tuple[str, Any]]:
    return [(request.url, getattr(request.callback, "__name__", None)) async for request in spider.start()]


def parsed(spider: RetailerReviews, response: TextResponse) -> tuple[list[Any], str | None]:
    """Let the spider parse a page; what it yielded, and why the page failed."""
    response.request = Request(response.url, meta={"page_id": "page", "page_url": response.url, "turned": 0})
    yielded: list[Any] = []
    try:
        yielded.extend(spider.parse(response))
    except PageRejection as rejection:
        return yielded, rejection.detail
    return yielded, None


def test_parse_when_a_page_is_json_says_so(spider: RetailerReviews) -> None:
    page = JsonResponse("https://shop.example/", body=b'{"a": 1}', encoding="utf-8")
    assert parsed(spider, page) == ([], "the page is json, no HTML")


def test_parse_when_a_page_is_nested_too_deep_keeps_what_it_has_and_fails_it(spider: RetailerReviews) -> None:
    block = '<script type="application/ld+json">{"@type": "Review", "reviewBody": "Fine"}</script>'
    page = HtmlResponse("https://shop.example/", body=block + "<div>" * 200_000, encoding="utf-8")
    yielded, why = parsed(spider, page)
    assert [item.raw["text"] for item in yielded] == ["Fine"]
    assert why == "the page is nested deeper than can be read: its rest is lost"


def test_start_begins_with_sitemaps_and_pages_of_the_site(spider: RetailerReviews) -> None:
    assert asyncio.run(starts(spider)) == [(SITEMAP, "parse_sitemap"), ("https://shop.example/", "parse")]


def test_start_when_an_address_is_given_begins_there_alone(tmp_path: Path) -> None:
    with a_spider(tmp_path, "https://shop.example/product/7") as spider:
        assert asyncio.run(starts(spider)) == [("https://shop.example/product/7", "parse")]


@pytest.mark.parametrize(("kind", "callback"), [("urlset", "parse"), ("sitemapindex", "parse_sitemap")])
def test_parse_sitemap_reads_pages_and_sitemaps_each_as_what_they_are(
    spider: RetailerReviews, kind: str, callback: str
) -> None:
    found = list(spider.parse_sitemap(sitemap(kind, "https://shop.example/one")))
    assert [(request.url, getattr(request.callback, "__name__", None)) for request in found] == [
        ("https://shop.example/one", callback)
    ]


def test_parse_sitemap_when_an_entry_is_no_address_follows_the_others(spider: RetailerReviews) -> None:
    response = sitemap("urlset", "https://[bad", "/two", "mailto:jo@post.example", "https://shop.example/three")
    found = [request.url for request in spider.parse_sitemap(response)]
    assert found == ["https://shop.example/two", "https://shop.example/three"]
    assert spider.crawler.stats.get_value("tdcrawl/pages/unfollowable_links") == 2


def test_parse_sitemap_when_it_is_gzipped_unpacks_it(spider: RetailerReviews) -> None:
    packed = Response(f"{SITEMAP}.gz", body=gzip.compress(sitemap("urlset", "https://shop.example/one").body))
    assert [request.url for request in spider.parse_sitemap(packed)] == ["https://shop.example/one"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no sitemap",
        b"<html><body>Not found",
        b"\x1f\x8b\x08no gzip",
        gzip.compress(b"<rss/>", mtime=0),
        b'{"a": 1}',
    ],
)
def test_parse_sitemap_when_it_is_none_says_so(spider: RetailerReviews, body: bytes) -> None:
    with pytest.raises(PageRejection) as caught:
        list(spider.parse_sitemap(Response(SITEMAP, body=body)))
    assert (caught.value.state, caught.value.reason) == (PageState.FAILED, PageReason.PARSE_ERROR)
    assert caught.value.detail == "it is no sitemap"


def test_parse_sitemap_when_it_is_a_bomb_unpacks_no_more_than_a_page_may_be(spider: RetailerReviews) -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * 20_000_000 + b"</urlset>", mtime=0)
    with pytest.raises(PageRejection) as caught:
        list(spider.parse_sitemap(Response(SITEMAP, body=bomb)))
    assert caught.value.reason == PageReason.TOO_LARGE


def test_links_are_followed_without_user_and_password(spider: RetailerReviews) -> None:
    response = sitemap("urlset", "https://jo:secret@shop.example/one", "//jo@shop.example:8080/two?to=a@b")
    assert [request.url for request in spider.parse_sitemap(response)] == [
        "https://shop.example/one",
        "https://shop.example:8080/two?to=a@b",
    ]


def test_crawl_when_the_site_holds_another_record_type() -> None:
    class Postings(RetailerReviews):
        """Collect another record type."""

        name = "postings"
        record_type = "job_posting"

    with pytest.raises(SiteError, match="site demo_store holds review records, postings job_posting ones"):
        Postings.from_crawler(Crawler(Postings, Settings()), site="demo_store")
