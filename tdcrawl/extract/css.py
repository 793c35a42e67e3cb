"""Read records from the elements of a page, by the selectors of its site file."""

from collections.abc import Mapping

import html_text
from parsel import Selector

from tdcrawl.extract.page import Found, Page
from tdcrawl.extract.plain_text import plain_text
from tdcrawl.sites.profile import Read, Selectors


def read(page: Page, rules: Read) -> Found:
    """Read one record from each node that `record` selects; a node in which no field is found is none."""
    nodes = page.selector.css(rules.record or "")
    shared = _fields(page.selector, rules.page_fields)
    raws = [{**shared, **own} for node in nodes if (own := _fields(node, rules.fields))]
    if nodes and not raws:
        return Found(problems=[f"css: {len(nodes)} nodes match {rules.record!r}, and none of [read.fields] is in any"])
    return Found(raws)


def _fields(node: Selector, fields: Mapping[str, Selectors]) -> dict[str, str]:
    found = {
        name: _first(node, [selectors] if isinstance(selectors, str) else selectors)
        for name, selectors in fields.items()
    }
    return {name: string for name, string in found.items() if string is not None}


def _first(node: Selector, selectors: list[str]) -> str | None:
    for selector in selectors:
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
