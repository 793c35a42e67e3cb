"""Read the schema.org entities of a page from its three syntaxes, into one shape: that of JSON-LD.

extruct is imported where a page has what it reads: it takes a fifth of a second, and most shops write JSON-LD.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from lxml import etree

from tdcrawl.extract.page import Excess, Json, Page
from tdcrawl.extract.scripts import read_json

# extruct takes time with the cube of the nesting: 80 deep 25 ms, 1,500 deep (60 kB of page) more than five minutes.
_DEEPEST = 40
_ITEM_TYPES, _TYPES = (etree.XPath(f"/descendant::*/@{name}", smart_strings=False) for name in ("itemtype", "typeof"))
_MARKED = etree.XPath("/descendant::*[@itemprop or @itemscope]")
_DEPTH = etree.XPath("count(ancestor-or-self::*[@itemscope])")
_ELEMENTS, _CHARACTERS = etree.XPath("count(descendant::*)"), etree.XPath("string-length()")
_MOST_BLOCKS = 500
# What takes the extractors half a second; no page of fifty shops' had a tenth of it.
_MOST_MARKED, _MOST_REFERENCES, _MOST_ELEMENTS, _MOST_CHARACTERS = 3_000, 50, 10_000, 1_000_000
_MOST_RDFA = {
    "count(/descendant::*)": 5_000,
    "count(/descendant::*/@typeof | /descendant::*/@property)": 1_000,
    "string-length(/)": 1_000_000,
}
_LONGEST_NAME = 200
_NONE = frozenset[str]()
_PREFIX = re.compile(r".*[/#:]")


def local_name(name: str) -> str:
    """Strip what stands before a schema.org name: `http://schema.org/Review` and `schema:Review` are `Review`."""
    return name if name.isidentifier() else _PREFIX.sub("", name)


def types_of(node: dict[str, Json]) -> frozenset[str]:
    """Give the types of an entity, by their local names; none where it has none."""
    types = node.get("@type")
    if isinstance(types, str):
        return _local_names(types) if len(types) <= _LONGEST_NAME else _NONE
    return frozenset(local_name(each) for each in types if isinstance(each, str)) if isinstance(types, list) else _NONE


# Asked of every entity of a page, twice, and there are few types.
@lru_cache
def _local_names(name: str) -> frozenset[str]:
    return frozenset({local_name(name)})


def json_ld(page: Page, wanted: frozenset[str], problems: list[str]) -> Iterator[Json]:
    """Yield each block of JSON-LD; one that cannot be read hides no other; it is reported if it names a wanted type."""
    blocks = (script for script in page.selector.root.iter("script") if "ld+json" in script.get("type", "").lower())
    for script in islice(blocks, _MOST_BLOCKS):
        block = script.xpath("string()") if len(script) else script.text or ""
        try:
            yield read_json(block)
        except (ValueError, RecursionError) as error:
            if any(name in block for name in wanted):
                problems.append(f"JSON-LD: {error}")
    if next(blocks, None) is not None:
        problems.append(Excess(f"JSON-LD: more than {_MOST_BLOCKS} blocks: the others are not read"))


def microdata(page: Page, wanted: frozenset[str], problems: list[str]) -> Iterator[Json]:
    """Yield the page's microdata items, where one of them is of a wanted type."""
    root = page.selector.root
    if not _declares(page, _ITEM_TYPES, wanted):
        return
    if (excess := _excess_of_microdata(root)) is not None:
        problems.append(Excess(f"microdata: {excess}: none is read"))
    else:
        from extruct.w3cmicrodata import MicrodataExtractor  # noqa: PLC0415 - see above

        for item in _extracted(lambda: MicrodataExtractor().extract_items(root, page.url), problems):
            yield _from_microdata(item)


def rdfa(page: Page, wanted: frozenset[str], problems: list[str]) -> Iterator[Json]:
    """Yield the page's RDFa entities, where one of them is of a wanted type."""
    if not _declares(page, _TYPES, wanted):
        return
    if any(page.selector.root.xpath(measure) > most for measure, most in _MOST_RDFA.items()):
        problems.append(Excess("RDFa: more than can be read: none is"))
    else:
        from extruct.rdfa import RDFaExtractor  # noqa: PLC0415 - see above

        # It wants a document of its own making, so the page is parsed once more; few pages hold RDFa records.
        yield from _extracted(lambda: RDFaExtractor().extract(page.selector.get(), page.url), problems)


Syntax = Callable[[Page, frozenset[str], list[str]], Iterator[Json]]
SYNTAXES: tuple[Syntax, ...] = (json_ld, microdata, rdfa)
"""In the order in which their word counts; each gives JSON-LD, and reports what it could not read."""


def _extracted(extract: Callable[[], list[Json]], problems: list[str]) -> list[Json]:
    try:
        return extract()
    except ValueError as error:
        # e.g. a link that no URL parser takes
        problems.append(f"{type(error).__name__}: {error}")
        return []


def _declares(page: Page, declared: etree.XPath, wanted: frozenset[str]) -> bool:
    # An extractor walks the whole document, tens of milliseconds; this look costs microseconds.
    return any(local_name(name) in wanted for names in set(declared(page.selector.root)) for name in names.split())


def _excess_of_microdata(root: Any) -> str | None:
    """Say what there is more of than can be read."""
    marked = _MARKED(root)
    if len(marked) > _MOST_MARKED:
        return f"more than {_MOST_MARKED:,} items and properties"
    if max(map(_DEPTH, marked), default=0) > _DEEPEST:
        return f"nested more than {_DEEPEST} deep"
    if sum(len(node.get("itemref", "").split()) for node in marked) > _MOST_REFERENCES:
        return f"more than {_MOST_REFERENCES} references"
    elements = characters = 0
    for node in marked:
        if "itemscope" not in node.attrib:
            elements, characters = elements + _ELEMENTS(node), characters + _CHARACTERS(node)
            if elements > _MOST_ELEMENTS or characters > _MOST_CHARACTERS:
                return "more text than can be read"
    return None


def _from_microdata(item: Json) -> Json:
    if isinstance(item, list):
        return [_from_microdata(each) for each in item]
    if not isinstance(item, dict):
        return item
    named = {"@type": item.get("type"), "@id": item.get("id"), "@value": item.get("value")}
    properties = {name: _from_microdata(value) for name, value in item.get("properties", {}).items()}
    return {name: value for name, value in named.items() if value} | properties
