"""How many records a page says there are, and why it may hold another number of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from tdcrawl.extract.doubts import Doubt
from tdcrawl.extract.keys import first_string
from tdcrawl.extract.linked_data import SYNTAXES, types_of
from tdcrawl.extract.page import Json, Page
from tdcrawl.extract.scales import read_number
from tdcrawl.extract.schema_org import walk
from tdcrawl.records.base import RecordType

COUNTS_OF_TEXTS = ("reviewCount", "numberOfReviews")
# In the order in which their word counts: ratings may have no text.
_COUNTS = (*COUNTS_OF_TEXTS, "ratingCount")
_SUMMARY = frozenset({"AggregateRating"})
_LISTS = ("review", "reviews")


@dataclass(frozen=True, slots=True)
class Declared:
    """Hold what a page declares: how many, by which property, and of what scale its summary is."""

    number: int
    counted_by: str
    scale: str | None


@dataclass(frozen=True, slots=True)
class _Claim:
    declared: Declared
    thing: str
    holds_records: bool


def declared(page: Page, record_type: RecordType) -> Declared | None:
    """Read how many records the page says there are of its one thing; none where it says so of several, or nothing.

    A thing under which the page lists records comes before others; JSON-LD before microdata before RDFa.
    """
    try:
        return _declared(page, record_type)
    except RecursionError:
        return None


def _declared(page: Page, record_type: RecordType) -> Declared | None:
    for syntax in SYNTAXES:
        roots = list(syntax(page, record_type.schema_types | _SUMMARY, []))
        claims = list(_claims(roots))
        claims = [claim for claim in claims if claim.holds_records] or claims
        if claims:
            # Of one thing that is described twice, the larger number counts what the other one leaves out.
            several = len({claim.thing for claim in claims}) > 1
            return None if several else max((claim.declared for claim in claims), key=lambda each: each.number)
    return None


def _claims(roots: list[Json]) -> Iterator[_Claim]:
    for node, container in walk(roots):
        thing = container or {}
        if not types_of(node) & _SUMMARY or (number := _number(node, thing)) is None:
            continue
        name = first_string(thing, ("name", "@id", "url", "sku")) or first_string(node, ("itemReviewed",)) or ""
        value, counted_by = number
        declared = Declared(value, counted_by, first_string(node, ("bestRating",)))
        yield _Claim(declared, name, any(thing.get(name) for name in _LISTS))


def _number(summary: dict[str, Json], thing: dict[str, Json]) -> tuple[int, str] | None:
    for name in _COUNTS:
        string = first_string(summary, (name,)) or (name == "numberOfReviews" and first_string(thing, (name,)))
        if string:
            try:
                return int(read_number(string.replace(",", ""))), name
            except Doubt:
                continue
    return None


def difference(found: int, with_text: int, said: Declared | None, turns: bool, loads_more: bool) -> str | None:
    """Say why a page may hold another number of records with texts than it declares; none where both are equal."""
    if said is None or with_text == said.number:
        return None
    reasons = (
        (found == said.number, "some have no text"),
        (not found, "no reader finds any in the page as it was fetched"),
        (found > said.number, "it holds more than it declares"),
        (turns, "more are on the next pages"),
        (said.counted_by == "ratingCount", "it counts ratings, and some have no text"),
        (loads_more, "a button loads more, by a script"),
        (True, "its markup holds only a part of them"),
    )
    return next(why for is_so, why in reasons if is_so)
