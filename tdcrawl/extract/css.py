"""Read records from the elements of a page, by the selectors of its site file."""

from collections import Counter
from collections.abc import Mapping

import html_text
from parsel import Selector

from tdcrawl.extract.page import Found, Page
from tdcrawl.extract.plain_text import plain_text
from tdcrawl.sites.profile import Read, Selectors

_Chosen = Counter[tuple[str, int]]


def read(page: Page, rules: Read) -> Found:
    """Read one record from each node that `record` selects; a node in which no field is found is none."""
    nodes = page.selector.css(rules.record or "")
    chosen = _Chosen()
    owns = [own for node in nodes if (own := _fields(node, rules.fields, chosen))]
    if not owns:
        nothing = f"css: {len(nodes)} nodes match {rules.record!r}, and none of [read.fields] is in any"
        return Found(problems=[nothing] if nodes else [])
    shared = _fields(page.selector, rules.page_fields, chosen)
    return Found([{**shared, **own} for own in owns], chosen=chosen)


def _fields(node: Selector, fields: Mapping[str, Selectors], chosen: _Chosen) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, selectors in fields.items():
        tried = [selectors] if isinstance(selectors, str) else selectors
        for place, selector in enumerate(tried, 1):
            if (string := _first(node, selector)) is not None:
                found[name] = string
                if len(tried) > 1:
                    chosen[name, place] += 1
                break
    return found


def _first(node: Selector, selector: str) -> str | None:
    for match in node.css(selector):
        if (string := _text(match)).strip():
            return plain_text(string)
    return None


def _text(match: Selector) -> str:
    """Give an attribute or a text as it stands, and an element as a reader sees it: one line a paragraph or break."""
    root = match.root
    if isinstance(root, str):
        return root
    if len(root) == 0:
        # Most fields hold nothing but text, and for those the layout of html_text costs a hundred times as much.
        return " ".join((root.text or "").split())
    return html_text.extract_text(root)
