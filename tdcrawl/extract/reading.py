"""HOW a page is read: by the readers that its site names, whose word counts in that order."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from parsel import Selector

from tdcrawl.extract import css, embedded_json, microformats, schema_org
from tdcrawl.extract.merging import merged
from tdcrawl.extract.page import Found, Page
from tdcrawl.records.base import RecordType
from tdcrawl.sites.profile import Read, ReaderName

__all__ = ["Page", "Reading", "has_markup", "read_records"]

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
    is_cut = has_markup(page.selector) and _is_cut(page.selector)
    problems: list[str] = ["the page is nested deeper than can be read: its rest is lost"] if is_cut else []
    raws, readers, chosen = list[dict[str, str]](), list[str](), Counter[tuple[str, int]]()
    for name in read.reader:
        found = _found(_READERS[name], page, read, record_type)
        problems.extend(found.problems)
        chosen += found.chosen
        if found.raws:
            readers.append(name)
            more = list(_identified(found.raws, record_type.native_id_field))
            # Most sites have one reader, whose texts need not be compared with anything.
            raws = merged(raws, more, record_type) if raws else more
    return Reading(raws, readers, problems, is_cut, chosen)


def has_markup(selector: Selector) -> bool:
    """Say whether a page is HTML or XML, which alone have links and nodes."""
    return selector.type in {"html", "xml"}


def _is_cut(selector: Selector) -> bool:
    # The parser recovers from everything, from its own limit by leaving the rest of the page out; its log alone tells.
    return any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in selector.root.getroottree().parser.error_log)


def _found(reader: _Reader, page: Page, read: Read, record_type: RecordType) -> Found:
    if not has_markup(page.selector):
        return Found(problems=[f"the page is {page.selector.type}, no HTML"])
    try:
        return reader(page, read, record_type)
    except RecursionError:
        return Found(problems=["the page is nested too deep"])


def _identified(raws: list[dict[str, str]], native_id: str) -> Iterator[dict[str, str]]:
    """Take an id away that several records of the page share (its address, often): it would make them one record."""
    bearers = Counter(raw.get(native_id) for raw in raws)
    for raw in raws:
        shared = bearers[raw.get(native_id)] > 1
        yield {name: string for name, string in raw.items() if not (shared and name == native_id)}
