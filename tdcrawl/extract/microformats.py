"""Read records from classes that tell machines what elements are: hReview and its successor h-review."""

from collections.abc import Iterator
from typing import Any

from tdcrawl.extract import css
from tdcrawl.extract.page import Found, Json, Page, left_out
from tdcrawl.extract.schema_org import read_syntaxes
from tdcrawl.records.base import RecordType
from tdcrawl.sites.profile import Read

# What each format is called in schema.org's words, which record types know.
_TYPES = {"h-review": "Review"}
_NAMES = {
    "content": "reviewBody", "description": "reviewBody", "summary": "name", "name": "name", "item": "itemReviewed",
    "author": "author", "published": "datePublished", "reviewed": "datePublished",
    "rating": "ratingValue", "best": "bestRating", "worst": "worstRating", "url": "url",
}  # fmt: skip
_OF_RATING = ("ratingValue", "bestRating", "worstRating")
# hReview, in the same words: the library takes seconds for a dozen, and overlooks a value in a title.
_CLASSIC = Read(
    reader=["css"],
    record=".hreview:not(.h-review)",
    fields={
        "text": ".description",
        "name": ".summary",
        "itemReviewed": [".item .fn", ".item"],
        "author": [".reviewer .fn", ".reviewer"],
        "datePublished": [".dtreviewed .value-title::attr(title)", ".dtreviewed::attr(title)", ".dtreviewed"],
        "ratingValue": [
            ".rating .value-title::attr(title)", ".rating .value::attr(title)", ".rating .value",
            ".rating::attr(title)", ".rating",
        ],
        "bestRating": [".best::attr(title)", ".best"],
        "worstRating": [".worst::attr(title)", ".worst"],
        "url": "[rel~=self][rel~=bookmark]::attr(href)",
    },
)  # fmt: skip
# The library takes a tenth of a millisecond for each element.
_MOST_MODERN, _MOST_ELEMENTS = 200, 4_000


def read(page: Page, rules: Read, record_type: RecordType) -> Found:
    """Read the records of a page that are marked up as microformats."""
    return read_syntaxes(page, rules, record_type, (_classic, _modern))


def _classic(page: Page, wanted: frozenset[str], problems: list[str]) -> Iterator[Json]:
    if "Review" in wanted:
        found = css.read(page, _CLASSIC)
        problems.extend(found.problems)
        for raw in found.raws:
            about = raw.pop("itemReviewed", None)
            yield {"@type": "Review", "itemReviewed": about and {"name": about}, **_with_rating({**raw})}


def _modern(page: Page, wanted: frozenset[str], problems: list[str]) -> Iterator[Json]:
    nodes = page.selector.css(".h-review")
    most = css.affordable(nodes, _MOST_MODERN, _MOST_ELEMENTS)
    if len(nodes) > most:
        problems.append(left_out("h-review", most, len(nodes)))
    if not most:
        return
    import mf2py  # noqa: PLC0415 - few pages have any

    # Each alone: the parser walks all it is given, and a page is much more than its reviews.
    for node in nodes[:most]:
        for item in mf2py.parse(doc=node.get(), url=page.url)["items"]:
            types = {_TYPES.get(name) for name in item["type"]} & wanted
            if types:
                yield {"@type": sorted(types), **_described(item["properties"])}


def _described(properties: dict[str, list[Any]]) -> dict[str, Json]:
    told: dict[str, Json] = {}
    for name, values in properties.items():
        if name in _NAMES:
            # An item's name may stand among the review's own: only what is plain is the review's.
            plain = values if name in {"item", "author"} else [value for value in values if not _is_item(value)]
            told.setdefault(_NAMES[name], [_value(value) for value in plain])
    return _with_rating(told)


def _with_rating(told: dict[str, Json]) -> dict[str, Json]:
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
