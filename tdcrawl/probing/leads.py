"""Where a page leads: selectors for [follow] that match on it, and what only a script could follow."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

from tdcrawl.extract.page import Page
from tdcrawl.optout.page import read_page
from tdcrawl.optout.table import known_agents

_NEXT = (
    "link[rel~=next]",
    "a[rel~=next]",
    "a.next",
    ".next > a",
    "a[class*=pagination][class*=next]",
    "[class*=pagination] [class*=next] a",
    *(f'a[aria-label{how}="{word}"]' for word in ("next", "Next", "Weiter", "Nächste", "Suivant") for how in ("", "^")),
)
_PAGES = ("page", "pageNumber", "pg", "paged", "seite", "pagina", "pag", "sida", "strona")
_NUMBERED = (
    *(f'a[href*="{word}="]' for word in _PAGES),
    *(f'a[href*="{mark}p="]' for mark in "?&"),
    'a[href*="/page/"]',
)
_PRODUCTS = (
    "a.product",
    "li.product a",
    *(f"[class*=product-{word}] a" for word in ("card", "item", "tile")),
    *(
        f'a[href*="/{word}/"]'
        for word in ("product", "products", "dp", "p", "item", "itm", "shop", "job", "jobs", "careers")
    ),
)
_LEAST_PRODUCTS = 3
_PLAIN = re.compile(r"[\w.~-]+")
_LOAD_MORE = re.compile(
    r"(?:load|show|see|view) (?:\d+ )?(?:more|all)|(?:load|show|see|view|read) (?:\w+ )*(?:reviews|ratings|comments).*"
    r"|(?:more|all) reviews|(?:\w+ )*mehr (?:\w+ )?(?:laden|anzeigen)|(?:voir|afficher) plus.*|(?:ver|mostrar) más.*",
    re.IGNORECASE,
)
_LONGEST_LABEL = 40
_PAGE_NUMBER = re.compile(rf"(?:{'|'.join(_PAGES)}|(?<=[?&])p)[=/](\d{{1,5}})(?!\d)")


def next_selector(page: Page) -> str | None:
    """Suggest a selector of the link to the next page; what it selects leads from this page to another one."""
    for css in _NEXT:
        if _leads(page, css):
            return f"{css}::attr(href)"
    for css in _NUMBERED:
        if _follower(page.url) & {_numbered(link) for link in _leads(page, css)}:
            return f"{css}::attr(href)"
    return None


def product_selector(page: Page) -> str | None:
    """Suggest a selector of the links to products, where the page has several of one kind."""
    for css in _PRODUCTS:
        if len(set(_leads(page, css))) >= _LEAST_PRODUCTS:
            return f"{css}::attr(href)"
    return _largest_folder(page)


def _largest_folder(page: Page) -> str | None:
    """Suggest the folder in which most of what the page links lies, apart from what it shows on every page."""
    inside = page.selector.xpath("//a[not(ancestor::nav or ancestor::header or ancestor::footer)]/@href").getall()
    paths = [urlsplit(link).path.split("/") for link in set(_resolved(page, inside))]
    folders = Counter(path[1] for path in paths if len(path) > 2 and path[2])
    for folder, _ in folders.most_common():
        css = f'a[href*="/{folder}/"]'
        if _PLAIN.fullmatch(folder) and len(set(_leads(page, css))) >= _LEAST_PRODUCTS:
            return f"{css}::attr(href)"
    return None


def links(page: Page, selector: str | None) -> list[str]:
    """Give the web addresses that a selector of [follow] finds on a page, each once."""
    return list(dict.fromkeys(_resolved(page, page.selector.css(selector).getall()))) if selector else []


def load_more(page: Page) -> list[str]:
    """List the words on what loads more without an address that could be followed."""
    buttons = page.selector.css("button, [role=button], a:not([href]), a[href^='#'], a[href^='javascript:']")
    words = (" ".join(button.xpath("string()").get("").split()) for button in buttons)
    return list(dict.fromkeys(each for each in words if len(each) <= _LONGEST_LABEL and _LOAD_MORE.fullmatch(each)))


def opt_outs(page: Page, headers: Iterable[tuple[str, str]]) -> list[str]:
    """List what the page itself says against training with it, and where."""
    metas = [(meta.attrib["name"], meta.attrib["content"]) for meta in page.selector.css("meta[name][content]")]
    return [str(signal) for signal in read_page(headers, metas, known_agents())[0]]


def _leads(page: Page, css: str) -> list[str]:
    here = urldefrag(page.url)[0]
    links = _resolved(page, page.selector.css(f"{css}::attr(href)").getall())
    return [link for link in links if urldefrag(link)[0] != here and urlsplit(link).hostname == urlsplit(here).hostname]


def _resolved(page: Page, hrefs: Iterable[str]) -> Iterator[str]:
    base = page.selector.css("base::attr(href)").get("")
    for href in hrefs:
        try:
            link = urljoin(urljoin(page.url, base), href.strip())
            if urlsplit(link).scheme in {"http", "https"}:
                yield link
        except ValueError:
            continue


def _numbered(link: str) -> tuple[str, int]:
    """Give the address of the list that a link turns, without its number, and that number."""
    number = _PAGE_NUMBER.search(link)
    bare = _PAGE_NUMBER.sub("", link).rstrip("/?&")
    return (urlsplit(bare).path.rstrip("/"), int(number[1])) if number else (urlsplit(link).path.rstrip("/"), 1)


def _follower(url: str) -> set[tuple[str, int]]:
    path, number = _numbered(url)
    return {(path, number + 1)}
