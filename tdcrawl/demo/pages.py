"""Print the practice retailer's pages: every page of a shop, in one of four markups, as the bytes that are served."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from itertools import chain
from typing import Any, TypeVar
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from tdcrawl.demo.careers import job_posting, postings
from tdcrawl.demo.markup import Json, Markup, json_ld, window_data
from tdcrawl.demo.shop import REVIEWS_A_PAGE, Product, Shop, ShopReview

_HTML = "text/html; charset=utf-8"
_RELATED = 3
_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what the server says to one address."""

    body: bytes
    content_type: str = _HTML
    status: HTTPStatus = HTTPStatus.OK


def print_shop(shop: Shop, markup: Markup, base_url: str) -> dict[str, Answer]:
    """Print every page of a shop, by its address: `/catalogue?page=2`, `/product/17`, `/robots.txt`.

    `base_url` (`http://127.0.0.1:8717`) is where robots.txt and the sitemap say that the shop is.
    """
    pages = dict(
        chain(_for_robots(shop, base_url), _account(shop), _listings(shop), _products(shop, markup), _careers(shop))
    )
    return pages | {address: error_page(shop, status) for address, status in shop.broken.items()}


def error_page(shop: Shop, status: int) -> Answer:
    """Print the page that excuses an HTTP status."""
    answer = HTTPStatus(status)
    body = _print("message.html", shop=shop, heading=answer.phrase, words=f"{answer.value}: {answer.description}")
    return Answer(body, status=answer)


def product_path(product: Product) -> str:
    """Give a product's own address, of which all its other links are aliases."""
    return f"/product/{quote(product.product_id, safe='')}"


def _for_robots(shop: Shop, base_url: str) -> Iterator[tuple[str, Answer]]:
    robots = f"User-agent: *\nDisallow: /account/\n\nSitemap: {base_url}/sitemap.xml\n"
    yield "/robots.txt", Answer(robots.encode(), "text/plain; charset=utf-8")
    paths = ["/catalogue", *map(product_path, shop.products)]
    yield "/sitemap.xml", Answer(_print("sitemap.xml", base_url=base_url, paths=paths), "application/xml")


def _account(shop: Shop) -> Iterator[tuple[str, Answer]]:
    words = "This page is for people: robots.txt asks robots to stay away."
    yield "/account/wishlist", Answer(_print("message.html", shop=shop, heading="Your wish list", words=words))


def _listings(shop: Shop) -> Iterator[tuple[str, Answer]]:
    for address, products, following in _paged("/catalogue", shop.products, shop.products_a_page):
        odd_links = shop.odd_links if address == "/catalogue" else ()
        cards = [(product, _aliases(product)) for product in products]
        yield address, Answer(_print("catalogue.html", shop=shop, cards=cards, odd_links=odd_links, next=following))


def _products(shop: Shop, markup: Markup) -> Iterator[tuple[str, Answer]]:
    for index, product in enumerate(shop.products):
        related = [(other, _aliases(other)) for other in shop.products[index + 1 : index + 1 + _RELATED]]
        frame = {"shop": shop, "product": product, "related": related, "average": _average(product.reviews)}
        for address, reviews, following in _paged(product_path(product), product.reviews, REVIEWS_A_PAGE):
            data = _data(markup, product, reviews, frame["average"])
            body = _print("product.html", **frame, markup=markup, reviews=reviews, data=data, next=following)
            yield address, Answer(body)


def _careers(shop: Shop) -> Iterator[tuple[str, Answer]]:
    yield "/careers", Answer(_print("careers.html", shop=shop, postings=postings()))
    for posting in postings():
        body = _print("posting.html", shop=shop, posting=posting, data=job_posting(posting, shop.name))
        yield f"/careers/{posting['id']}", Answer(body)


def _data(markup: Markup, product: Product, reviews: Sequence[ShopReview], average: Any) -> Json | None:
    if markup is Markup.JSON_LD:
        return json_ld(product, reviews, average)
    return window_data(product, reviews) if markup is Markup.EMBEDDED_JSON else None


def _aliases(product: Product) -> dict[str, str]:
    path = product_path(product)
    return {
        "named": f"{path}/{quote('-'.join(product.name.lower().split()), safe='')}",
        "tracked": f"{path}?ref=home&utm_source=tiles",
        "session": f"{path};jsessionid=A1B2C3D4E5F60718?sid=5f3a9c",
    }


def _paged(path: str, things: Sequence[_Thing], size: int) -> Iterator[tuple[str, Sequence[_Thing], str | None]]:
    addresses = [path, *(f"{path}?page={number}" for number in range(2, -(-len(things) // size) + 1))]
    for turn, (address, following) in enumerate(zip(addresses, [*addresses[1:], None], strict=True)):
        yield address, things[turn * size : (turn + 1) * size], following


def _average(reviews: Sequence[ShopReview]) -> float | None:
    stars = [int(review.rating) for review in reviews if review.rating in {"1", "2", "3", "4", "5"}]
    return round(sum(stars) / len(stars), 1) if stars else None


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tdcrawl.demo"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    return environment


def _print(template: str, **values: Any) -> bytes:
    return _environment().get_template(template).render(values).encode()
