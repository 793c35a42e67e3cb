"""Elements of a page that look like records, by their classes."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from parsel import Selector

from tdcrawl import text
from tdcrawl.extract.dates import read_date
from tdcrawl.extract.doubts import Doubt
from tdcrawl.extract.page import Page
from tdcrawl.extract.scales import read_scaled
from tdcrawl.outcomes import ValidateReason
from tdcrawl.probing.words import named_by, words
from tdcrawl.records.base import Kind, RecordType
from tdcrawl.records.beliefs import MIN_WORDS

Guess = tuple[str, Mapping[str, str]]
"""The selector of the records, and that of each field in one of them."""

_PLAIN = re.compile(r"-?[A-Za-z_][\w-]*")
_LEAST_WORDS = 3
_LONGEST_NAME = 120
# A larger element is no single record.
_MOST_INSIDE = 300
_MOST_GROUPS = 300
# So many records tell as much as all of them.
_ENOUGH = 12
# A type that has none of them has no words for its fields either: it is not guessed.
_NEEDED = {Kind.TEXT, Kind.RATING}
_ATTRIBUTES = {
    Kind.RATING: ("content", "data-rating", "data-score", "data-value", "aria-label", "title", "alt", "style", ""),
    Kind.DATE: ("datetime", "content", ""),
}


def guesses(page: Page, record_type: RecordType) -> Iterator[Guess]:
    """Yield each selector of several elements that hold what looks like a text and a rating, with their selectors."""
    called = {record_type.name, *record_type.words}
    locale = page.selector.css("html::attr(lang)").get("en")
    groups: dict[str, list[Selector]] = defaultdict(list)
    for node in page.selector.xpath("//body//*[@class or @itemprop or @data-hook]"):
        for mark, name in _marks(node.root):
            if called & words(name):
                groups[mark].append(node)
    for mark, nodes in islice(groups.items(), _MOST_GROUPS):
        if len(nodes) > 1 and all(_is_small(node) for node in nodes[:_ENOUGH]):
            fields = _fields(nodes[:_ENOUGH], record_type, locale)
            if {record_type.fields[field].kind for field in fields} >= _NEEDED:
                yield mark, fields


def _is_small(node: Selector) -> bool:
    return sum(1 for _ in islice(node.root.iter(), _MOST_INSIDE)) < _MOST_INSIDE


def _marks(element: Any) -> Iterator[tuple[str, str]]:
    """Yield the simple selectors that an element has of its own, each with the name in it."""
    for token in (element.get("class") or "").split():
        if _PLAIN.fullmatch(token):
            yield f".{token}", token
    for attribute in ("itemprop", "data-hook"):
        if _PLAIN.fullmatch(element.get(attribute) or ""):
            yield f'[{attribute}="{element.get(attribute)}"]', element.get(attribute)
    if element.tag == "time":
        yield "time", "time"


def _fields(nodes: list[Selector], record_type: RecordType, locale: str) -> dict[str, str]:
    """Choose for each field the selector that fits in most of the nodes, the surest name among equals."""
    fits: Counter[tuple[str, str]] = Counter()
    doubts: dict[tuple[str, str], int] = {}
    for node in nodes:
        for field, selector, unsure in dict.fromkeys(_candidates(node, record_type, locale)):
            fits[field, selector] += 1
            doubts[field, selector] = unsure
    best: dict[str, str] = {}
    for field, selector in sorted(fits, key=lambda pair: (-fits[pair], doubts[pair])):
        if fits[field, selector] * 2 > len(nodes):
            best.setdefault(field, selector)
    return {field: best[field] for field in record_type.fields if field in best}


def _candidates(node: Selector, record_type: RecordType, locale: str) -> Iterator[tuple[str, str, int]]:
    for element in node.root.iterdescendants("*"):
        for mark, name in _marks(element):
            for field, unsure in named_by(name, record_type):
                kind = record_type.fields[field].kind
                for attribute in _ATTRIBUTES.get(kind, ("",)):
                    if _FITS.get(kind, _never)(_string(element, attribute), locale):
                        yield field, f"{mark}::attr({attribute})" if attribute else mark, unsure
                        break


def _string(element: Any, attribute: str) -> str:
    string = element.get(attribute) or "" if attribute else " ".join(element.itertext())
    return " ".join(string.split())


def _is_rating(string: str, _: str) -> bool:
    try:
        read_scaled(string, None, None, None)
    except Doubt as doubt:
        return doubt.reason is ValidateReason.AMBIGUOUS_SCALE
    return True


def _is_said_by_stars(string: str, locale: str) -> bool:
    """Say whether a text is no more than what stars say to those who cannot see them."""
    return text.count_words(string) < MIN_WORDS and _is_rating(string, locale)


def _is_date(string: str, locale: str) -> bool:
    try:
        return bool(string) and bool(read_date(string, locale, datetime.now(UTC)))
    except Doubt:
        return False


def _never(_: str, __: str) -> bool:
    return False


_FITS: Mapping[Kind, Callable[[str, str], bool]] = {
    Kind.TEXT: lambda string, locale: (
        text.count_words(string) >= _LEAST_WORDS and not _is_said_by_stars(string, locale)
    ),
    Kind.NAME: lambda string, _: 0 < len(string) <= _LONGEST_NAME,
    Kind.RATING: _is_rating,
    Kind.RATING_BOUND: lambda string, _: string.isdecimal(),
    Kind.DATE: _is_date,
}
