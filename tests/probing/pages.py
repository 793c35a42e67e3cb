"""Pages of invented shops, as readers are given them."""

from parsel import Selector

from tdcrawl.extract.page import Page

URL = "https://shop.example/product/17"
WORDS = "we bought it in spring and it has not failed us once since then"


def a_page(html: str, url: str = URL) -> Page:
    """Parse a page."""
    return Page(url, Selector(text=html))


def css_page(*ratings: str) -> Page:
    """Build a page with one review in plain elements for each rating."""
    reviews = "".join(
        f'<li class="review-item"><b class="review-title">Title {number}</b>'
        f'<i class="review-stars" title="{rating}"></i>'
        f'<p class="review-text">{WORDS} {number}</p><time datetime="2026-01-0{number}">then</time></li>'
        for number, rating in enumerate(ratings, start=1)
    )
    return a_page(f"<style>b {{}}</style><ul class='reviews'>{reviews}</ul><svg></svg>")
