"""Model the practice retailer: products, their reviews, and what the shop gets wrong on purpose."""

from collections.abc import Mapping
from dataclasses import dataclass, field

REVIEWS_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class ShopReview:
    """Hold one review as its page prints it: strings, and None where the page says nothing.

    `best_rating` is the top of the scale that `rating` is on; `editor_label` a verdict by the shop's editors.
    """

    review_id: str
    text: str
    rating: str | None
    best_rating: str | None = "5"
    title: str | None = None
    author: str | None = None
    date: str | None = None
    editor_label: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """Hold one product and its reviews, in the order in which its pages show them."""

    product_id: str
    name: str
    reviews: tuple[ShopReview, ...]
    price: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Shop:
    """Hold a whole shop.

    `odd_links` are shown among the first products: address and words. `broken` gives addresses (`/product/7`,
    `/product/7?page=2`) that answer with an HTTP status of their own instead of the page.
    """

    name: str
    products: tuple[Product, ...]
    products_a_page: int = 48
    odd_links: tuple[tuple[str, str], ...] = ()
    broken: Mapping[str, int] = field(default_factory=dict)
