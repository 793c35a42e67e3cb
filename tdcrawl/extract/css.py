"""Read records from the elements of a page, by the selectors of its site file."""

from collections import Counter
from collections.abc import Mapping

from lxml import etree
from parsel import Selector, SelectorList

from tdcrawl.extract.page import Found, Page, left_out
from tdcrawl.extract.plain_text import plain_text
from tdcrawl.extract.visible_text import visible_text
from tdcrawl.sites.profile import Read, Selectors

_Chosen = Counter[tuple[str, int]]

# A field takes some thirty microseconds in a small node, and a tenth of one more for each element in it.
_MOST_NODES, _MOST_ELEMENTS = 3_000, 50_000
# Where so many matches are blank, none says anything.
_MOST_TRIED = 5
_ELEMENTS = etree.XPath("count(descendant-or-self::*)")


def read(page: Page, rules: Read) -> Found:
    """Read one record from each node that `record` selects; a node in which no field is found is none."""
    selected = page.selector.css(rules.record or "")
    nodes = selected[: affordable(selected, _MOST_NODES, _MOST_ELEMENTS)]
    problems: list[str] = [] if len(nodes) == len(selected) else [left_out("css", len(nodes), len(selected))]
    chosen = _Chosen()
    owns = [own for node in nodes if (own := _fields(node, rules.fields, chosen))]
    if nodes and not owns:
        problems.append(f"css: {len(nodes)} nodes match {rules.record!r}, and none of [read.fields] is in any")
    shared = _fields(page.selector, rules.page_fields, chosen) if owns else {}
    return Found([{**shared, **own} for own in owns], problems, chosen)


def affordable(nodes: SelectorList[Selector], most: int, most_elements: int) -> int:
    """Count how many of the nodes can be searched: nodes in nodes in nodes hold the same elements again and again."""
    elements = 0
    for place, node in enumerate(nodes[: most + 1]):
        elements += 0 if isinstance(node.root, str) else _ELEMENTS(node.root)
        if elements > most_elements:
            return place
    return min(most, len(nodes))


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
    for match in node.css(selector)[:_MOST_TRIED]:
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
    return visible_text(root)
