"""HOW a page is read: by the readers that its site names, whose word counts in that order."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree
from parsel import Selector

from tdcrawl.extract import css, embedded_json, microformats, schema_org
from tdcrawl.extract.merging import merged
from tdcrawl.extract.page import Excess, Found, Page
from tdcrawl.records.base import RecordType
from tdcrawl.sites.profile import Read, ReaderName

__all__ = ["Page", "Reading", "has_markup", "read_records"]

# Thirteen times what the largest of fifty shops' pages has: more takes longer to search than a crawl can wait.
_MOST_ELEMENTS = 100_000
_IS_LARGE = etree.XPath(f"boolean(/descendant::*[{_MOST_ELEMENTS + 1}])")
_TOO_LARGE = Excess(f"the page has more than {_MOST_ELEMENTS:,} elements: none is read")
_TOO_DEEP = Excess("the page is nested deeper than can be read: its rest is lost")
_BOMB = Excess("the page's entities stand for more than can be read: its rest is lost")

_Reader = Callable[[Page, Read, RecordType], Found]
_READERS: dict[ReaderName, _Reader] = {
    "schema_org": schema_org.read,
    "microformats": microformats.read,
    "css": lambda page, read, _: css.read(page, read),
    "embedded_json": lambda page, read, _: embedded_json.read(page, read),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """Say what a page held: the strings of each record, which readers found any, and what could not be read.

    `is_cut` says that there was more than the parser could take. `chosen` counts which selectors won (see Found).
    """

    raws: list[dict[str, str]]
    readers: list[str]
    problems: list[str]
    is_cut: bool = False
    chosen: Counter[tuple[str, int]] = field(default_factory=Counter)


def read_records(page: Page, read: Read, record_type: RecordType) -> Reading:
    """Read a page's records by all of the site's readers, each record once; no page raises."""
    cut = _cut(page.selector) if has_markup(page.selector) else None
    problems: list[str] = [cut] if cut else []
    raws, readers, chosen = list[dict[str, str]](), list[str](), Counter[tuple[str, int]]()
    for name in () if cut == _TOO_LARGE else read.reader:
        found = _found(_READERS[name], page, read, record_type)
        problems.extend(found.problems)
        chosen += found.chosen
        if found.raws:
            readers.append(name)
            more = _identified(found.raws, record_type.native_id_field)
            # Most sites have one reader, whose texts need not be compared with anything.
            raws = merged(raws, more, record_type) if raws else more
    is_cut = any(isinstance(problem, Excess) for problem in problems)
    return Reading(raws, readers, problems, is_cut, chosen)


def has_markup(selector: Selector) -> bool:
    """Say whether a page is HTML or XML, which alone have links and nodes."""
    return selector.type in {"html", "xml"}


def _cut(selector: Selector) -> Excess | None:
    """Say why not all of a page can be read, if so."""
    if _IS_LARGE(selector.root):
        return _TOO_LARGE
    # The parser recovers from everything, from its own limit by leaving the rest of the page out; its log alone tells.
    errors = selector.root.getroottree().parser.error_log
    limits = [entry.message for entry in errors if entry.type_name == "ERR_RESOURCE_LIMIT"]
    if any("entity" in message for message in limits):
        return _BOMB
    return _TOO_DEEP if limits else None


def _found(reader: _Reader, page: Page, read: Read, record_type: RecordType) -> Found:
    if not has_markup(page.selector):
        return Found(problems=[f"the page is {page.selector.type}, no HTML"])
    try:
        return reader(page, read, record_type)
    except RecursionError:
        return Found(problems=["the page is nested too deep"])


def _identified(raws: list[dict[str, str]], native_id: str) -> list[dict[str, str]]:
    """Take an id away that several records of the page share (its address, often): it would make them one record."""
    ids = [raw.get(native_id) for raw in raws]
    if len(set(ids)) < len(ids):
        bearers = Counter(ids)
        for raw in raws:
            if bearers[raw.get(native_id)] > 1:
                raw.pop(native_id, None)
    return raws
