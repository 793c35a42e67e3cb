"""Every key of a site file does what docs/sites.md says: what a crawl makes of a page without it, and with it."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import HtmlResponse, Request

from tdcrawl.outcomes import PageRejection, Rejection
from tdcrawl.pipelines.validate_record import ValidateRecord
from tdcrawl.rendering import through_browser
from tdcrawl.spiders.retailer_reviews import RetailerReviews
from tdcrawl.store.verify import LedgerCheck
from tdcrawl.verdict import judge
from tests.conftest import PROJECT
from tests.crawlers import a_spider
from tests.test_docs import site_keys

SITE = """
record_type = "review"
allowed_domains = ["shop.example"]
[start]
urls = ["https://shop.example/list"]
[follow]
[read]
reader = "css"
record = "li"
[read.fields]
text = ".body"
[read.values]
[canonical]
[polite]
[expect]
"""
PAGE = """<h1 id="17">Kettle</h1><a class="product" href="/p/1">1</a><a class="next" href="/list?page=2">next</a>
<li><p class="body">Boils fast</p><b>4</b></li><ol><li><p class="body">Too loud</p></li></ol>
<script type="application/ld+json">{"@type": "Review", "reviewBody": "Told to machines"}</script>"""
URL = "https://shop.example/list"
NOISY = "https://shop.example/p/1/kettle?utm_source=x&tab=2"
RAW = {"text": "one two three four five six seven eight nine ten", "rating": "8", "date": "03/04/2024"}
STATS = {
    "tdcrawl/items/yielded": 100, "tdcrawl/items/failed": 10, "tdcrawl/items/record": 90,
    "tdcrawl/pages/done": 80, "tdcrawl/pages/failed": 20,
}  # fmt: skip
# They take more than one spider, or a browser.
ELSEWHERE = {
    "record_type": "tests/test_crawling.py::test_crawl_when_the_site_holds_another_record_type",
    "follow.more": "tests/commands/test_crawl_rendered.py::test_reviews_that_come_by_script_and_by_a_button_are_read",
}
Look = Callable[[RetailerReviews], Any]


def starts(spider: RetailerReviews) -> list[str]:
    """Give the addresses at which a crawl begins."""

    async def all_of_them() -> list[str]:
        return [request.url async for request in spider.start()]

    return asyncio.run(all_of_them())


def parsed(spider: RetailerReviews) -> list[Any]:
    """Give what the spider makes of the page: items and requests, as far as they go."""
    request = Request(URL, meta={"page_id": "page", "page_url": URL, "turned": 0})
    yielded: list[Any] = []
    with suppress(PageRejection):
        yielded.extend(spider.parse(HtmlResponse(URL, body=PAGE, encoding="utf-8", request=request)))
    return yielded


def links(spider: RetailerReviews) -> list[str]:
    """Give where the page leads."""
    return [each.url.removeprefix("https://shop.example") for each in parsed(spider) if isinstance(each, Request)]


def cut_off(spider: RetailerReviews) -> int:
    """Count the links to next pages that were not followed."""
    parsed(spider)
    return int(spider.crawler.stats.get_value("tdcrawl/pages/over_max_pages", 0))


def texts(spider: RetailerReviews) -> list[str]:
    """Give the texts of the page's records."""
    return [each.raw.get("text", "-") for each in parsed(spider) if not isinstance(each, Request)]


def field(name: str) -> Look:
    """Look at a field of the page's first record."""
    return lambda spider: parsed(spider)[0].raw.get(name)


def value(name: str) -> Look:
    """Look at what a string becomes, or at the reason why nothing."""

    def look(spider: RetailerReviews) -> Any:
        (item,) = spider.session.items([RAW if name == "rating" else {**RAW, "rating": "4"}], "page", URL)
        try:
            return str(getattr(ValidateRecord.from_crawler(spider.crawler).process_item(item).record, name))
        except Rejection as rejection:
            return rejection.reason

    return look


def address(spider: RetailerReviews) -> str:
    """Give the one address of a page."""
    return spider.session.canonical_url(NOISY).removeprefix("https://shop.example")


def failures(spider: RetailerReviews) -> int:
    """Count what makes a middling run a failure."""
    return len(judge("finished", STATS, LedgerCheck({}, {}, 0, []), spider.session.profile.expect).failures)


KNOBS: dict[str, tuple[str, Look, Any, Any]] = {
    "allowed_domains": (
        '["shop.example", "other.example"]', lambda spider: spider.session.profile.covers("https://other.example/"),
        False, True,
    ),
    "start.urls": ('["https://shop.example/sale"]', starts, ["https://shop.example/list"], ["https://shop.example/sale"]),
    "start.sitemaps": (
        '["https://shop.example/s.xml"]', starts,
        ["https://shop.example/list"], ["https://shop.example/s.xml", "https://shop.example/list"],
    ),
    "follow.products": ('"a.product::attr(href)"', links, [], ["/p/1"]),
    "follow.next": ('"a.next::attr(href)"', links, [], ["/list?page=2"]),
    "follow.max_pages": ('1\nnext = "a.next::attr(href)"', cut_off, 0, 1),
    "read.reader": ('"schema_org"', texts, ["Boils fast", "Too loud"], ["Told to machines"]),
    "read.record": ('"ol li"', texts, ["Boils fast", "Too loud"], ["Too loud"]),
    "read.fields": ('"b"', field("rating"), None, "4"),
    "read.page_fields": ('{product_id = "h1::attr(id)"}', field("product_id"), URL, "17"),
    "read.values.rating_scale": ("10", value("rating"), "ambiguous_scale", "4.0"),
    "read.values.locale": ('"en-GB"', value("reviewed_at"), "None", "2024-04-03 00:00:00+00:00"),
    "canonical.drop_params": ('["tab"]', address, "/p/1/kettle?tab=2", "/p/1/kettle"),
    "canonical.keep_params": ('["utm_source"]', address, "/p/1/kettle?tab=2", "/p/1/kettle?tab=2&utm_source=x"),
    "canonical.same_page": ("'^/p/(?P<id>\\d+)'", address, "/p/1/kettle?tab=2", "/p/1?tab=2"),
    "polite.render": ("true", lambda spider: "playwright" in through_browser(spider.session.profile, 0), False, True),
    "polite.DOWNLOAD_DELAY": ("3.5", lambda spider: spider.settings.getfloat("DOWNLOAD_DELAY"), 1.0, 3.5),
    "expect.min_records": ("91", failures, 0, 1),
    "expect.max_failed_share": ("0.04", failures, 0, 1),
    "expect.max_failed_page_share": ("0.09", failures, 0, 1),
}  # fmt: skip


def turned(key: str, said: str) -> str:
    """Write the site file with one key in its table, in the place of the line that was there."""
    table, _, name = key.rpartition(".")
    if table == "read" and name == "fields":
        table, name = "read.fields", "rating"
    bare = re.sub(rf"^{name} = .*\n", "", SITE, flags=re.MULTILINE)
    return bare.replace(f"[{table}]\n", f"[{table}]\n{name} = {said}\n") if table else f"{name} = {said}\n{bare}"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RetailerReviews]:
    """Open a spider of a site file that says no more than it must."""
    with a_spider(tmp_path_factory.mktemp("plain"), says=SITE) as spider:
        yield spider


@pytest.mark.parametrize("key", KNOBS)
def test_knob_changes_what_a_crawl_does_when_it_is_turned(key: str, plain: RetailerReviews, tmp_path: Path) -> None:
    said, look, before, after = KNOBS[key]
    with a_spider(tmp_path, says=turned(key, said)) as spider:
        assert (look(plain), look(spider)) == (before, after)


def test_every_key_is_turned_here_or_where_it_says_when_compared() -> None:
    assert {*KNOBS, *ELSEWHERE} - {"polite.DOWNLOAD_DELAY"} == set(site_keys())
    for place in ELSEWHERE.values():
        path, _, name = place.partition("::")
        assert f"def {name}(" in (PROJECT / path).read_text()
