"""Selectors are suggested only where they lead from this page to another one."""

import pytest

from tdcrawl.probing.leads import links, load_more, next_selector, opt_outs, product_selector
from tests.probing.pages import a_page

LIST = "https://shop.example/list?page=2"


@pytest.mark.parametrize(
    ("html", "selector", "link"),
    [
        ('<link rel="next" href="?page=3">', "link[rel~=next]", LIST.replace("2", "3")),
        ('<a rel="nofollow next" href="?page=3">on</a>', "a[rel~=next]", LIST.replace("2", "3")),
        ('<a class="next" href="/list/c">on</a>', "a.next", "https://shop.example/list/c"),
        ('<a aria-label="Next page" href="/list/c">&gt;</a>', 'a[aria-label^="Next"]', "https://shop.example/list/c"),
        ('<a href="?page=1">1</a><a href="?page=3">3</a>', 'a[href*="page="]', "https://shop.example/list?page=1"),
    ],
)
def test_next_page_when_a_link_leads_to_it(html: str, selector: str, link: str) -> None:
    page = a_page(html, LIST)
    assert next_selector(page) == f"{selector}::attr(href)"
    assert links(page, next_selector(page))[0] == link


@pytest.mark.parametrize(("link", "word"), [("seite=2", "seite="), ("p=2", "?p=")])
def test_next_page_when_the_first_one_has_no_number(link: str, word: str) -> None:
    page = a_page(f'<a href="?{link}">2</a>', "https://shop.example/list")
    assert next_selector(page) == f'a[href*="{word}"]::attr(href)'


@pytest.mark.parametrize(
    "html",
    [
        "<button class='next'>on</button>",
        '<a class="next" href="#">on</a>',
        '<a class="next" href="?page=2">here</a>',
        '<a class="next" href="javascript:next()">on</a>',
        '<a class="next" href="http://[">on</a>',
        '<a class="next" href="https://other.example/list?page=3">away</a>',
        '<a href="/other?page=3">another list</a>',
        '<a href="?page=2&amp;shop=3">here</a>',
    ],
)
def test_no_next_page_when_nothing_leads_to_it(html: str) -> None:
    assert next_selector(a_page(html, LIST)) is None


def test_products_when_a_list_links_several() -> None:
    cards = "".join(f'<a href="/p/{number}/mug">Mug</a><a href="/p/{number}/mug#top">Top</a>' for number in range(3))
    assert product_selector(a_page(cards, LIST)) == 'a[href*="/p/"]::attr(href)'
    assert product_selector(a_page('<a href="/p/1">One</a>', LIST)) is None


def test_products_when_a_list_calls_them_what_nobody_knows() -> None:
    menu = "".join(f'<a href="/hilfe/{number}">Hilfe</a>' for number in range(9))
    cards = "".join(f'<a href="/geraete/{number}-spaten.html">Spaten</a>' for number in range(4))
    page = a_page(f"<nav>{menu}</nav>{cards}<a href='/blog/1'>Neues</a><a href='/kontakt'>Kontakt</a>", LIST)
    assert product_selector(page) == 'a[href*="/geraete/"]::attr(href)'


def test_load_more_when_a_button_has_no_address() -> None:
    html = '<button>Show more</button><a href="#">Mehr laden</a><button>Buy</button><a href="/all">View all reviews</a>'
    assert load_more(a_page(html)) == ["Show more", "Mehr laden"]


def test_opt_outs_when_header_and_page_say_so() -> None:
    page = a_page('<meta name="robots" content="index, noimageai"><meta name="tdm-reservation" content="0">')
    headers = [("X-Robots-Tag", "noai"), ("X-Robots-Tag", "noindex"), ("TDM-Reservation", "1"), ("Server", "noai")]
    assert opt_outs(page, headers) == [
        "header: X-Robots-Tag noai",
        "header: tdm-reservation 1",
        "meta: robots noimageai",
    ]
