"""Every markup holds the same reviews, escapes everything, and the links lead through the whole shop."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from extruct.jsonld import JsonLdExtractor
from extruct.w3cmicrodata import MicrodataExtractor
from parsel import Selector, SelectorList

from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.markup import Markup
from tdcrawl.demo.pages import Answer, print_shop
from tdcrawl.demo.server import address_of
from tdcrawl.demo.shop import Product, Shop, ShopReview

BASE = "http://127.0.0.1:1"
HOSTILE = "</script><script>alert(1)</script> <!-- & &amp; \"'` {{ 7 * 7 }} {% raw %} ]]> \u2028 \\u003c <b>é</b>"


def select(answer: Answer) -> Selector:
    return Selector(answer.body.decode())


def string(nodes: SelectorList[Selector]) -> str:
    return "".join(nodes.css("::text").getall())


def from_json_ld(page: Selector) -> list[str]:
    product = json.loads(page.css('script[type="application/ld+json"]::text').get("{}"))
    return [review["reviewBody"] for review in product.get("review", [])]


def from_microdata(page: Selector) -> list[str]:
    return [string(node.css("[itemprop=reviewBody]")) for node in page.css('[itemtype="https://schema.org/Review"]')]


def from_plain_html(page: Selector) -> list[str]:
    return [string(node.css(".review-body")) for node in page.css("section.review")]


def from_script(page: Selector) -> list[str]:
    (data,) = page.css("script::text").re(r"^window\.__SHOP__ = (.*);$") or ['{"reviews": []}']
    return [review["body"] for review in json.loads(data)["reviews"]]


READERS: dict[Markup, Callable[[Selector], list[str]]] = {
    Markup.JSON_LD: from_json_ld,
    Markup.MICRODATA: from_microdata,
    Markup.CSS: from_plain_html,
    Markup.EMBEDDED_JSON: from_script,
}


@pytest.mark.parametrize("markup", Markup)
def test_all_reviews_are_on_the_product_pages_when_printed_in_any_markup(markup: Markup) -> None:
    shop = practice_shop()
    pages = print_shop(shop, markup, BASE)

    shown = [READERS[markup](select(answer)) for address, answer in pages.items() if address.startswith("/product/")]

    texts = [review.text for product in shop.products for review in product.reviews]
    assert sorted(text for page in shown for text in page) == sorted(texts)
    assert max(map(len, shown)) == 20


@pytest.mark.parametrize(
    ("markup", "extractor"), [(Markup.JSON_LD, JsonLdExtractor()), (Markup.MICRODATA, MicrodataExtractor())]
)
def test_reviews_belong_to_their_product_when_search_engines_read(markup: Markup, extractor: Any) -> None:
    shop = Shop("One", (Product("17", "Spoon", (ShopReview("R1", "Fine", "4", "5", "Ok", "Ann", "2024-02-01"),)),))

    (item,) = extractor.extract(print_shop(shop, markup, BASE)["/product/17"].body.decode())

    product = item.get("properties", item)
    review = product["review"] if "properties" in item else product["review"][0]
    facts = review.get("properties", review)
    assert product["sku"] == "17"
    assert [facts[name] for name in ("identifier", "name", "datePublished")] == ["R1", "Ok", "2024-02-01"]


@pytest.mark.parametrize("markup", Markup)
def test_hostile_text_stays_text_when_printed_in_any_markup(markup: Markup) -> None:
    review = ShopReview(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    tame = ShopReview("x", "x", "x", "x", "x", "x", "x", "x")

    def page_of(name: str, review: ShopReview) -> Selector:
        shop = Shop(name, (Product("1", name, (review,), name, name),))
        return select(print_shop(shop, markup, BASE)["/product/1"])

    hostile, harmless = page_of(HOSTILE, review), page_of("x", tame)
    assert READERS[markup](hostile) == [HOSTILE]
    assert string(hostile.css("h1")) == HOSTILE
    assert [node.root.tag for node in hostile.css("*")] == [node.root.tag for node in harmless.css("*")]


def test_whole_shop_is_reached_when_links_are_followed_from_the_catalogue() -> None:
    pages = print_shop(practice_shop(), Markup.CSS, BASE)
    seen: set[str] = set()
    waiting = ["/catalogue"]
    while waiting:
        address = address_of(waiting.pop())
        if address not in seen and address in pages:
            seen.add(address)
            waiting += (
                select(pages[address])
                .css("a.product::attr(href), a.next::attr(href), footer a::attr(href), a.posting::attr(href)")
                .getall()
            )

    assert seen == set(pages) - {"/robots.txt", "/sitemap.xml"}


def test_products_have_aliases_when_listed() -> None:
    listing = select(print_shop(practice_shop(), Markup.CSS, BASE)["/catalogue"])

    links = listing.css("a.product::attr(href)").getall()

    assert links[:3] == [
        "/product/1?ref=home&utm_source=tiles",
        "/product/1/fernhollow-kettle",
        "/product/1;jsessionid=A1B2C3D4E5F60718?sid=5f3a9c",
    ]
    assert {address_of(link) for link in links[:24]} == {f"/product/{number}" for number in range(1, 9)}


def test_odd_links_stand_on_the_first_listing_page_when_the_shop_has_them() -> None:
    pages = print_shop(practice_shop(), Markup.CSS, BASE)

    first = set(select(pages["/catalogue"]).css("a.product::attr(href)").getall())
    second = set(select(pages["/catalogue?page=2"]).css("a.product::attr(href)").getall())

    odd = {href for href, _ in practice_shop().odd_links}
    assert odd <= first
    assert not odd & second
    assert {urlsplit(urljoin(BASE, href)).scheme for href in odd} == {"http", "https", "javascript"}


def test_product_id_is_one_path_segment_when_it_holds_special_characters() -> None:
    shop = Shop("Odd", (Product("a/b ?ü", "A thing", (ShopReview("1", "Fine", "5"),)),))

    pages = print_shop(shop, Markup.JSON_LD, BASE)

    links = select(pages["/catalogue"]).css("a.product::attr(href)").getall()
    assert {address_of(link) for link in links} == {"/product/a%2Fb%20%3F%C3%BC"} <= set(pages)
    assert f"<loc>{BASE}/product/a%2Fb%20%3F%C3%BC</loc>".encode() in pages["/sitemap.xml"].body
