"""The text of markup as a reader of the page sees it."""

import html_text
from lxml.html import HtmlElement

from tdcrawl.text import storable


def visible_text(root: HtmlElement, *, layout: bool = True) -> str:
    """Give the text within an element, with the breaks that its layout makes if so asked."""
    try:
        return _extracted(root, layout)
    except ValueError:
        # The parser lets control characters in, and lxml refuses to move them about.
        for element in root.iter():
            element.text, element.tail = (part and storable(part) for part in (element.text, element.tail))
        return _extracted(root, layout)


def _extracted(root: HtmlElement, layout: bool) -> str:
    text: str = html_text.extract_text(root, guess_layout=layout)
    return text
