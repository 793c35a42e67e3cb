"""Read the schema.org entities of a page from its three syntaxes, into one shape: that of JSON-LD."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from extruct.rdfa import RDFaExtractor
from extruct.w3cmicrodata import MicrodataExtractor

from tdcrawl.extract.page import Json, Page
from tdcrawl.extract.scripts import read_json

# extruct takes time with the cube of the nesting: 80 deep 25 ms, 1,500 deep (60 kB of page) more than five minutes.
_DEEPEST = 40
_PREFIX = re.compile(r".*[/#:]")


def local_name(name: str) -> str:
    """Strip what stands before a schema.org name: `http://schema.org/Review` and `schema:Review` are `Review`."""
    return _PREFIX.sub("", name)


def types_of(node: dict[str, Json]) -> set[str]:
    """Give the types of an entity, by their local names; none where it has none."""
    types = node.get("@type", ())
    return {local_name(each) for each in ([types] if isinstance(types, str) else types or ()) if isinstance(each, str)}


def json_ld(page: Page, wanted: frozenset[str], problems: list[str]) -> Iterator[Json]:
    """Yield each block of JSON-LD; one that cannot be read hides no other; it is reported if it names a wanted type."""
    for script in page.selector.xpath("//script[@type]"):
        if "ld+json" not in script.attrib["type"].lower():
            continue
        block = script.xpath("string()").get("")
        try:
            yield _with_local_names(read_json(block))
        except (ValueError, RecursionError) as error:
            if any(name in block for name in wanted):
                problems.append(f"JSON-LD: {error}")


def microdata(page: Page, wanted: frozenset[str], problems: list[str]) -> Iterator[Json]:
    """Yield the page's microdata items, where one of them is of a wanted type."""
    if not _declares(page, "itemtype", wanted):
        return
    if _nesting(page.selector.root) > _DEEPEST:
        problems.append(f"microdata: nested more than {_DEEPEST} deep")
    else:
        for item in _extracted(lambda: MicrodataExtractor().extract_items(page.selector.root, page.url), problems):
            yield _with_local_names(_from_microdata(item))


def rdfa(page: Page, wanted: frozenset[str], problems: list[str]) -> Iterator[Json]:
    """Yield the page's RDFa entities, where one of them is of a wanted type."""
    if _declares(page, "typeof", wanted):
        # It wants a document of its own making, so the page is parsed once more; few pages hold RDFa records.
        for entity in _extracted(lambda: RDFaExtractor().extract(page.selector.get(), page.url), problems):
            yield _with_local_names(entity)


Syntax = Callable[[Page, frozenset[str], list[str]], Iterator[Json]]
SYNTAXES: tuple[Syntax, ...] = (json_ld, microdata, rdfa)
"""In the order in which their word counts; each gives JSON-LD with local names and reports what it could not read."""


def _extracted(extract: Callable[[], list[Json]], problems: list[str]) -> list[Json]:
    try:
        return extract()
    except ValueError as error:
        # e.g. a link that no URL parser takes
        problems.append(f"{type(error).__name__}: {error}")
        return []


def _declares(page: Page, attribute: str, wanted: frozenset[str]) -> bool:
    # An extractor walks the whole document, tens of milliseconds; this look costs microseconds.
    declared = page.selector.xpath(f"//@{attribute}").getall()
    return any(local_name(name) in wanted for names in declared for name in names.split())


def _nesting(root: Any) -> int:
    """Count how many items lie one in another, at most."""
    depths: dict[Any, int] = {}
    for node in root.iter("*"):
        depths[node] = depths.get(node.getparent(), 0) + ("itemscope" in node.attrib)
    return max(depths.values(), default=0)


def _from_microdata(item: Json) -> Json:
    if isinstance(item, list):
        return [_from_microdata(each) for each in item]
    if not isinstance(item, dict):
        return item
    named = {"@type": item.get("type"), "@id": item.get("id"), "@value": item.get("value")}
    properties = {name: _from_microdata(value) for name, value in item.get("properties", {}).items()}
    return {name: value for name, value in named.items() if value} | properties


def _with_local_names(node: Json) -> Json:
    if isinstance(node, list):
        return [_with_local_names(each) for each in node]
    if isinstance(node, dict):
        return {local_name(key): _with_local_names(value) for key, value in node.items()}
    return node
