"""A page cut down to what its site file reads in it: small enough to keep beside the code."""

from collections.abc import Callable, Sequence
from typing import Any

from parsel import Selector

from tdcrawl.extract.page import Page
from tdcrawl.extract.reading import has_markup

LARGEST = 20_000
"""Characters to which a page is cut, where that is possible."""

_MOST_TRIES = 300
# What stands where a node was; no page has such an element.
_STAND_IN = "taken-out"
# Hardly ever read; JSON-LD stays in any case, and of other scripts what is read.
_SELDOM_READ = (
    "//style | //svg | //comment() | //noscript | //iframe | //link | //script[not(contains(@type, 'ld+json'))]"
)

IsSame = Callable[[Page], bool]
"""Says whether a page still reads as it did."""


def trim(page: Page, is_same: IsSame) -> str:
    """Write a page without what makes no difference to its reading; whole where every cut would.

    What is seldom read goes first; where that is not enough, other elements go too, from the outermost inwards.
    """
    whole = str(page.selector.get())
    if not has_markup(page.selector):
        return whole
    cut = _Cut(Page(page.url, Selector(whole)), is_same)
    cut.take_out([node.root for node in cut.page.selector.xpath(_SELDOM_READ)])
    if len(cut.text()) > LARGEST:
        cut.thin_out([node.root for node in cut.page.selector.xpath("/html/body/node()[self::*]")])
    trimmed = cut.text()
    return trimmed if is_same(Page(page.url, Selector(trimmed))) else whole


class _Cut:
    """Take nodes out of a page, and put back those without which it reads otherwise."""

    def __init__(self, page: Page, is_same: IsSame) -> None:
        self.page = page
        self._is_same = is_same
        self._tries = 0

    def text(self) -> str:
        """Write the page as it is now."""
        return "<!doctype html>\n" + str(self.page.selector.get()).replace(f"<{_STAND_IN}></{_STAND_IN}>", "")

    def take_out(self, nodes: Sequence[Any]) -> list[Any]:
        """Take out all of the nodes, or else as many as can be found by halving; give those that stay."""
        if not nodes or self._tries >= _MOST_TRIES:
            return list(nodes)
        self._tries += 1
        stand_ins = [_replace(node, _stand_in(node)) for node in nodes]
        if self._is_same(self.page):
            return []
        for stand_in, node in reversed(list(zip(stand_ins, nodes, strict=True))):
            _replace(stand_in, node)
        half = len(nodes) // 2
        return [*self.take_out(nodes[:half]), *self.take_out(nodes[half:])] if half else list(nodes)

    def thin_out(self, nodes: Sequence[Any]) -> None:
        """Take out what can go of the nodes, then what can go of the children of those that stay."""
        for node in self.take_out(nodes):
            if self._tries < _MOST_TRIES:
                self.thin_out([child for child in node if isinstance(child.tag, str)])


def _stand_in(node: Any) -> Any:
    """Build what keeps a node's place, and the text behind it."""
    stand_in = node.makeelement(_STAND_IN)
    stand_in.tail = node.tail
    return stand_in


def _replace(node: Any, other: Any) -> Any:
    node.getparent().replace(node, other)
    return other
