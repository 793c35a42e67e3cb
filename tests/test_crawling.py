"""SiteSpider: where it starts, and what it follows from a sitemap."""

import asyncio
import gzip
import re
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, JsonResponse, Request, Response, TextResponse, XmlResponse
from scrapy.settings import Settings

from tdcrawl import settings as project
from tdcrawl.errors import SiteError, TdcrawlError
from tdcrawl.links import MOST_LINKS
from tdcrawl.outcomes import PageReason, PageRejection, PageState
from tdcrawl.spiders.retailer_reviews import RetailerReviews
from tests.crawlers import SITE, a_spider

SITEMAP = "https://shop.example/sitemap.xml"
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@pytest.fixture
def spider(tmp_path: Path) -> Iterator[RetailerReviews]:
    """Open a spider of an invented shop."""
    with a_spider(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ({}, {}, "which site? Give one: -a site=NAME"),
        ({"site": "nowhere.toml"}, {}, "cannot read the site file nowhere.toml: No such file or directory"),
        ({"site": "demo_store", "start": "http://other.example/"}, {}, "on the site's own domains (127.0.0.1)"),
        ({"site": "demo_store", "limt": "5"}, {}, "-a limt=…: no such argument; there are site, limit, start"),
        ({"site": "demo_store"}, {"TDCRAWL_QUOTA": "{"}, "TDCRAWL_QUOTA is no JSON object"),
        ({"site": "demo_store"}, {"TDCRAWL_QUOTA": '{"good": 5}'}, "a review has no stratum 'good'"),
        ({"site": "demo_store"}, {"TDCRAWL_NEAR_DUPLICATE_THRESHOLD": "x"}, "give a number, not 'x'"),
        ({"site": "demo_store"}, {"TDCRAWL_NEAR_DUPLICATE_THRESHOLD": "8"}, "give a number from 0.5 to 1, not 8"),
        ({"site": "demo_store"}, {"TDCRAWL_STEER_BY_QUOTA": "maybe"}, "TDCRAWL_STEER_BY_QUOTA: give true or false"),
        ({"site": "demo_store"}, {"TDCRAWL_ENFORCE_QUOTA_ENABLED": "maybe"}, "give true or false, not 'maybe'"),
        ({"site": "demo_store"}, {"TDCRAWL_DATABASE_URL": "what"}, "TDCRAWL_DATABASE_URL is no database URL"),
    ],
)
def test_spider_when_it_cannot_be_built_says_why(
    tmp_path: Path, arguments: dict[str, str], settings: dict[str, str], message: str
) -> None:
    all_settings = Settings()
    all_settings.setmodule(project, priority="project")
    all_settings.setdict({"TDCRAWL_DATA_DIR": str(tmp_path), **settings}, priority="cmdline")
    with pytest.raises(TdcrawlError, match=re.escape(message)) as refused:
        RetailerReviews.from_crawler(Crawler(RetailerReviews, all_settings), **arguments)
    assert refused.value.exit_status == 2


def sitemap(kind: str, *addresses: str) -> XmlResponse:
    entry = "sitemap" if kind == "sitemapindex" else "url"
    entries = "".join(f"<{entry}><loc>{address}</loc></{entry}>" for address in addresses)
    return XmlResponse(SITEMAP, body=f"<{kind} {NAMESPACE}>{entries}</{kind}>", encoding="utf-8")


def listed(spider: RetailerReviews, response: Response) -> list[Request]:
    """Let the spider read a sitemap."""

    async def followed() -> list[Request]:
        return [request async for request in spider.parse_sitemap(response)]

    return asyncio.run(followed())


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


@pytest.mark.usefixtures("without_collections")
def test_parse_lets_go_of_a_page_at_once(spider: RetailerReviews) -> None:
    page = HtmlResponse("https://shop.example/", body="<p>words</p>", encoding="utf-8")
    parsed(spider, page)
    kept = weakref.ref(page)
    del page
    assert kept() is None


CSS = SITE.replace(
    '"schema_org"', '"css"\nrecord = "li"\nfields = {text = [".new", ".old"], rating = ["b", "i"], title = "u"}'
)


def test_parse_when_links_are_no_web_addresses_counts_them_and_reads_the_rest(spider: RetailerReviews) -> None:
    links = (
        "javascript:x()",
        "data:text/html,hi",
        "file:///etc/hostname",
        "mailto:jo@post.example",
        "http://[bad",
        "/two",
    )
    block = '<script type="application/ld+json">{"@type": "Review", "reviewBody": "Fine"}</script>'
    body = "".join(f'<a href="{link}">x</a>' for link in links) + block
    yielded, why = parsed(spider, HtmlResponse("https://shop.example/", body=body, encoding="utf-8"))
    assert [getattr(each, "url", "item") for each in yielded] == ["item", "https://shop.example/two"]
    assert (why, spider.crawler.stats.get_value("tdcrawl/pages/unfollowable_links")) == (None, 5)


def test_parse_when_a_page_has_more_links_than_a_list_for_people_says_so(spider: RetailerReviews) -> None:
    body = "".join(f'<a href="/{number}">x</a>' for number in range(MOST_LINKS + 3))
    yielded, _ = parsed(spider, HtmlResponse("https://shop.example/", body=body, encoding="utf-8"))
    assert (len(yielded), yielded[-1].url) == (MOST_LINKS, f"https://shop.example/{MOST_LINKS - 1}")
    assert spider.crawler.stats.get_value("tdcrawl/pages/links_left_out") == 3


def test_parse_counts_which_selectors_found_a_field(tmp_path: Path) -> None:
    item = '<li><p class="{}">Fine</p><b>5</b><u>Good</u></li>'
    page = HtmlResponse("https://shop.example/", body=item.format("new") + item.format("old") * 2, encoding="utf-8")
    with a_spider(tmp_path, says=CSS) as spider:
        assert parsed(spider, page)[1] is None
        stats = spider.crawler.stats.get_stats()
    counted = {name.removeprefix("tdcrawl/reader/css"): n for name, n in stats.items() if "/reader/" in name}
    # The title has one selector, which wins or nothing does.
    assert counted == {"": 1, "/text/1": 1, "/text/2": 2, "/rating/1": 3}


def test_parse_when_a_class_was_renamed_fails_the_first_page_and_keeps_its_items(tmp_path: Path) -> None:
    body = '<li><p class="renamed">Fine</p><b>5</b></li>' * 3
    page = HtmlResponse("https://shop.example/", body=body, encoding="utf-8")
    with a_spider(tmp_path, says=CSS) as spider:
        yielded, why = parsed(spider, page)
    assert [dict(item.raw, product_id="") for item in yielded] == [{"rating": "5", "product_id": ""}] * 3
    assert why == "there are 3 records, and none has text: is ['.new', '.old'] still what it is called?"


def test_start_begins_with_sitemaps_and_pages_of_the_site(spider: RetailerReviews) -> None:
    assert asyncio.run(starts(spider)) == [(SITEMAP, "parse_sitemap"), ("https://shop.example/", "parse")]


def test_start_when_an_address_is_given_begins_there_alone(tmp_path: Path) -> None:
    with a_spider(tmp_path, "https://shop.example/product/7") as spider:
        assert asyncio.run(starts(spider)) == [("https://shop.example/product/7", "parse")]


@pytest.mark.parametrize(("kind", "callback"), [("urlset", "parse"), ("sitemapindex", "parse_sitemap")])
def test_parse_sitemap_reads_pages_and_sitemaps_each_as_what_they_are(
    spider: RetailerReviews, kind: str, callback: str
) -> None:
    found = listed(spider, sitemap(kind, "https://shop.example/one"))
    assert [(request.url, getattr(request.callback, "__name__", None)) for request in found] == [
        ("https://shop.example/one", callback)
    ]


def test_parse_sitemap_when_an_entry_is_no_address_follows_the_others(spider: RetailerReviews) -> None:
    response = sitemap("urlset", "https://[bad", "/two", "mailto:jo@post.example", "https://shop.example/three")
    found = [request.url for request in listed(spider, response)]
    assert found == ["https://shop.example/two", "https://shop.example/three"]
    assert spider.crawler.stats.get_value("tdcrawl/pages/unfollowable_links") == 2


def test_parse_sitemap_when_it_is_gzipped_unpacks_it(spider: RetailerReviews) -> None:
    packed = Response(f"{SITEMAP}.gz", body=gzip.compress(sitemap("urlset", "https://shop.example/one").body))
    assert [request.url for request in listed(spider, packed)] == ["https://shop.example/one"]


def test_parse_sitemap_lets_others_go_on_while_it_reads(spider: RetailerReviews) -> None:
    went_on: list[int] = []

    async def read() -> None:
        asyncio.get_running_loop().call_soon(went_on.append, 1)
        async for request in spider.parse_sitemap(sitemap("urlset", "https://shop.example/one")):
            assert (request.url, went_on) == ("https://shop.example/one", [1])

    asyncio.run(read())
    assert went_on


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
        listed(spider, Response(SITEMAP, body=body))
    assert (caught.value.state, caught.value.reason) == (PageState.FAILED, PageReason.PARSE_ERROR)
    assert caught.value.detail == "it is no sitemap"


def test_parse_sitemap_when_it_is_a_bomb_unpacks_no_more_than_a_page_may_be(spider: RetailerReviews) -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * 20_000_000 + b"</urlset>", mtime=0)
    with pytest.raises(PageRejection) as caught:
        listed(spider, Response(SITEMAP, body=bomb))
    assert caught.value.reason == PageReason.TOO_LARGE


def test_links_are_followed_without_user_and_password(spider: RetailerReviews) -> None:
    response = sitemap("urlset", "https://jo:secret@shop.example/one", "//jo@shop.example:8080/two?to=a@b")
    assert [request.url for request in listed(spider, response)] == [
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


NEXT = SITE.replace('products = "a::attr(href)"', 'next = "a::attr(href)"')
QUOTA = '{"positive": 5}'


@pytest.mark.parametrize(
    ("settings", "chain"),
    [
        ({"TDCRAWL_QUOTA": QUOTA}, [*"bcdefghij", "page"]),
        ({}, None),
        ({"TDCRAWL_QUOTA": QUOTA, "TDCRAWL_STEER_BY_QUOTA": "false"}, None),
        ({"TDCRAWL_QUOTA": QUOTA, "TDCRAWL_ENFORCE_QUOTA_ENABLED": "false"}, None),
    ],
)
def test_next_page_is_told_which_ones_it_was_turned_from_where_a_quota_steers(
    tmp_path: Path, settings: dict[str, str], chain: list[str] | None
) -> None:
    with a_spider(tmp_path, says=NEXT, **settings) as spider:
        page = HtmlResponse("https://shop.example/p", body='<a href="/p2">more</a>', encoding="utf-8")
        meta = {"page_id": "page", "page_url": page.url, "turned": 0, "chain": list("abcdefghij")}
        page.request = Request(page.url, meta=meta)
        (turned,) = [found for found in spider.parse(page) if isinstance(found, Request)]
    assert (turned.meta.get("chain"), spider.course is not None) == (chain, chain is not None)


def test_page_whose_end_cannot_be_written_down_stays_pending_and_the_crawl_goes_on(
    spider: RetailerReviews, caplog: pytest.LogCaptureFixture
) -> None:
    async def end() -> None:
        closed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        closed.set_exception(ValueError("odd"))
        spider._page_ended(PageState.DONE, None, closed)

    asyncio.run(end())
    assert spider.stopping is None
    assert "A page stays pending, its end cannot be written down" in caplog.text
    assert "tdcrawl/pages/done" not in spider.crawler.stats.get_stats()
