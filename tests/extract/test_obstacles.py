"""Pages that are none: what stands in front of them is named, and ordinary pages are let through."""

import gzip
import json
from pathlib import Path

import pytest
from parsel import Selector

from tdcrawl.extract.obstacles import why_failed
from tdcrawl.extract.page import Page
from tdcrawl.extract.reading import Reading
from tdcrawl.extract.turning import Told, Turn
from tdcrawl.outcomes import PageReason
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.loading import parse_profile
from tests.crawlers import SITE

DECLARES = '<script type="application/ld+json">{{"@type": "AggregateRating", {}}}</script>'
MANY = "<p>" + "kettle " * 300
FORM = '<form><input name="user"><input type="password"></form>'
PROFILE = parse_profile(
    "shop", SITE.replace('"schema_org"', '"css"\nrecord = "li"\nfields.text = [".body", ".text"]').encode(), "shop.toml"
)
NOTHING = Reading([], [], [])
FIRST = Turn(1, 0)
ON = Told(records=0, shown=[], led=[])


def judge(
    page: Selector, found: Reading = NOTHING, turn: Turn = FIRST, *, led_on: bool = False
) -> tuple[PageReason, str] | None:
    return why_failed(Page("https://shop.example/", page), found, turn, PROFILE, REVIEW, led_on=led_on)


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


@pytest.mark.parametrize(
    ("turn", "detail"),
    [
        (Turn(3, 8), "it declares 12 (reviewCount), and the 3 pages of its list held 8"),
        (Turn(3, 11), None),
        (Turn(3, 40), None),
        # What a first page leaves out, or a page that leads on, may stand elsewhere.
        (Turn(1, 8), None),
        (Turn(3, 8, ON), None),
    ],
)
@pytest.mark.parametrize("found", [NOTHING, Reading([{"text": "Fine"}], ["css"], [])])
def test_a_list_that_ends_with_fewer_than_its_page_declares_is_told(
    found: Reading, turn: Turn, detail: str | None
) -> None:
    page = Selector(text=DECLARES.format('"reviewCount": 12') + MANY)
    assert judge(page, found, turn) == ((PageReason.FEWER_THAN_DECLARED, detail) if detail else None)


@pytest.mark.parametrize(
    ("turn", "detail"),
    [
        (Turn(3, 8, ON, repeats=True), "as page 3 of its list it shows what an earlier page did, and leads on"),
        (Turn(200, 0, ON, is_empty=True), "as page 200 of its list it shows nothing, and leads on"),
        (Turn(199, 0, ON, is_empty=True), None),
        (Turn(200, 800, ON), None),
    ],
)
def test_a_list_that_turns_without_end_is_a_trap(turn: Turn, detail: str | None) -> None:
    assert judge(Selector(text=MANY), turn=turn) == ((PageReason.TRAP, detail) if detail else None)


@pytest.mark.parametrize(
    ("raws", "is_lost"),
    [
        ([{"rating": "5"}] * 3, True),
        ([{"rating": "5", "text": " "}] * 3, True),
        ([{"rating": "5"}] * 2, False),
        ([{"rating": "5"}] * 9 + [{"text": "Fine"}], False),
        # No rating either, but the site file does not say where that would be.
        ([{"text": "Fine"}] * 3, False),
    ],
)
def test_a_field_that_all_records_of_a_page_lack_is_told_where_none_can_be_without_it(
    raws: list[dict[str, str]], is_lost: bool
) -> None:
    lost = "there are 3 records, and none has text: is ['.body', '.text'] still what it is called?"
    assert judge(Selector(text=MANY), Reading(raws, ["css"], [])) == (
        (PageReason.PARSE_ERROR, lost) if is_lost else None
    )
