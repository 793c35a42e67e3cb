"""Pages that are none: what stands in front of them is named, and ordinary pages are let through."""

import gzip
import json
from pathlib import Path

import pytest
from parsel import Selector

from tdcrawl.extract.obstacles import why_empty
from tdcrawl.extract.page import Page
from tdcrawl.outcomes import PageReason
from tdcrawl.records.review import REVIEW

DECLARES = '<script type="application/ld+json">{{"@type": "AggregateRating", {}}}</script>'
MANY = "<p>" + "kettle " * 300
FORM = '<form><input name="user"><input type="password"></form>'


def judge(page: Selector, *, led_on: bool = False) -> tuple[PageReason, str] | None:
    return why_empty(Page("https://shop.example/", page), REVIEW, led_on=led_on)


@pytest.mark.parametrize(
    ("html", "reason", "what"),
    [
        ('<title>Shop</title><div class="g-recaptcha"></div>', "blocked", "it asks whether we are human"),
        ('<h1>One moment</h1><form id="challenge-form">', "blocked", "it asks whether we are human"),
        ("<p>Please verify you are human to go on", "blocked", "it asks whether we are human"),
        ("<h1>Before you continue</h1><button>Accept all", "blocked", "it asks for consent before anything else"),
        (f"<h1>Sign in</h1>{FORM}", "blocked", "it asks for a login"),
        (f"<title>Anmelden</title>{FORM}", "blocked", "it asks for a login"),
        ("<title>Page not found</title>", "http_status", "it says that there is no such page, with HTTP 200"),
        ("<h1>404</h1><p>Sorry", "http_status", "it says that there is no such page, with HTTP 200"),
    ],
)
def test_what_stands_in_front_of_a_page_is_named(html: str, reason: str, what: str) -> None:
    assert judge(Selector(text=html)) == (reason, what)
    assert judge(Selector(text=html), led_on=True) is None


@pytest.mark.parametrize(
    "html",
    [
        "<title>Kettles</title><p>No reviews yet",
        f"<h1>Kettles</h1>{FORM}",
        f"<h1>Sign in</h1>{FORM}{MANY}",
        f'<div class="g-recaptcha"></div>{MANY}',
        '<h1>Kettle 4040</h1><div class="cookie-consent">We use cookies</div>',
    ],
)
def test_an_ordinary_page_is_let_through(html: str) -> None:
    assert judge(Selector(text=html)) is None


def test_saved_pages_of_real_shops_are_let_through(shared_data: Path) -> None:
    folder = shared_data / "pages"
    for page in json.loads((folder / "index.json").read_text()):
        body = gzip.decompress((folder / page["file"]).read_bytes())
        found = judge(Selector(body=body, encoding="utf-8"))
        assert found is None or found[0] == PageReason.FEWER_THAN_DECLARED, page["file"]


@pytest.mark.parametrize(
    ("counted", "detail"),
    [
        ('"reviewCount": 12', "it declares 12 (reviewCount), and none was found"),
        ('"reviewCount": 0', None),
        ('"ratingCount": 12', None),
    ],
)
def test_a_page_that_declares_records_and_holds_none_is_told(counted: str, detail: str | None) -> None:
    page = Selector(text=DECLARES.format(counted) + MANY)
    assert judge(page, led_on=True) == ((PageReason.FEWER_THAN_DECLARED, detail) if detail else None)
