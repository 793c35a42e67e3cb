"""Read records from classes that tell machines what elements are: hReview and its successor h-review."""

from collections.abc import Iterator
from typing import Any

import mf2py

from tdcrawl.extract.page import Found, Json, Page
from tdcrawl.extract.schema_org import read_syntaxes
from tdcrawl.records.base import RecordType
from tdcrawl.sites.profile import Read

# What each format is called in schema.org's words, which record types know.
_TYPES = {"h-review": "Review"}
_NAMES = {
    "content": "reviewBody", "description": "reviewBody", "summary": "name", "name": "name", "item": "itemReviewed",
    "author": "author", "reviewer": "author", "published": "datePublished", "reviewed": "datePublished",
    "rating": "ratingValue", "best": "bestRating", "worst": "worstRating", "url": "url",
}  # fmt: skip
_OF_RATING = ("ratingValue", "bestRating", "worstRating")


def read(page: Page, rules: Read, record_type: RecordType) -> Found:
    """Read the records of a page that are marked up as microformats."""
    return read_syntaxes(page, rules, record_type, (_entities,))


def _entities(page: Page, wanted: frozenset[str], _: list[str]) -> Iterator[Json]:
    # Each alone: the parser walks all it is given, and a page is much more than its reviews.
    for node in page.selector.css(".hreview, .h-review"):
        for item in mf2py.parse(doc=node.get(), url=page.url)["items"]:
            types = {_TYPES.get(name) for name in item["type"]} & wanted
            if types:
                # The parser overlooks a value that stands in a title alone.
                titled = node.css(".rating .value::attr(title)").getall()
                rating = list(filter(None, item["properties"].get("rating", ()))) or titled
                yield {"@type": sorted(types), **_described({**item["properties"], "rating": rating})}


def _described(properties: dict[str, list[Any]]) -> dict[str, Json]:
    told: dict[str, Json] = {}
    for name, values in properties.items():
        if name in _NAMES:
            # hReview lets the item's name stand among the review's own: only what is plain is the review's.
            plain = (
                values if name in {"item", "author", "reviewer"} else [value for value in values if not _is_item(value)]
            )
            told.setdefault(_NAMES[name], [_value(value) for value in plain])
    rating = {name: told.pop(name) for name in _OF_RATING if name in told}
    return told | ({"reviewRating": rating} if rating else {})


def _is_item(value: Any) -> bool:
    return isinstance(value, dict) and "type" in value


def _value(value: Any) -> Json:
    if not isinstance(value, dict):
        return value
    if _is_item(value):
        return {_NAMES.get(name, name): told for name, told in value["properties"].items()}
    return value.get("html", value.get("value"))
