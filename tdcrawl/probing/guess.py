"""How a page nobody has described may be read: by schema.org, else by what its scripts or elements look like."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from tdcrawl.extract.merging import content
from tdcrawl.extract.page import Page
from tdcrawl.extract.reading import read_records
from tdcrawl.outcomes import ValidateReason
from tdcrawl.probing import elements, scripts
from tdcrawl.probing.judging import judged
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import Raw, RecordType
from tdcrawl.sites.profile import Read, ReaderName, ReadValues

Ways = Mapping[ReaderName, Read]
"""Rules for each reader that may read a page, the one to try first at the beginning."""

_UNGUESSED: tuple[ReaderName, ...] = ("schema_org", "microformats")
_GUESSES: Mapping[ReaderName, Callable[[Page, RecordType], Iterator[tuple[str, Mapping[str, str]]]]] = {
    "embedded_json": scripts.guesses,
    "css": elements.guesses,
}
_LOOKS_RIGHT = {ValidateReason.TOO_SHORT, ValidateReason.AMBIGUOUS_SCALE, ValidateReason.BAD_DATE}


def ways_of(read: Read) -> Ways:
    """Part the rules of a site file into those of each reader."""
    return {name: read.model_copy(update={"reader": [name]}) for name in read.reader}


def best_of(page: Page, ways: Ways, record_type: RecordType) -> Read:
    """Choose the first way that finds records, else the first."""
    ordered = list(ways.values())
    return next((read for read in ordered if read_records(page, read, record_type).raws), ordered[0])


def guess_type(pages: Iterable[Page]) -> RecordType:
    """Choose the first record type of which there are records on one of the pages, else the first of all."""
    types = list(RECORD_TYPES.values())
    tried = ((kind, page, best_of(page, guess_ways(page, kind), kind)) for kind in types for page in pages)
    return next((kind for kind, page, read in tried if read_records(page, read, kind).raws), types[0])


def guess_ways(page: Page, record_type: RecordType) -> Ways:
    """Find rules for each reader: first those that find texts on the page; what cannot be guessed is left out."""
    values = _values(page)
    told: dict[ReaderName, Read] = {name: Read(reader=[name], values=values) for name in _UNGUESSED}
    guessed: dict[ReaderName, Read] = {}
    for name, guesses in _GUESSES.items():
        reads = [
            Read(reader=[name], record=record, fields=dict(fields), values=values)
            for record, fields in guesses(page, record_type)
        ]
        rated = [(_likely(page, read, record_type), read) for read in reads]
        (right, _), best = max(rated, key=lambda pair: pair[0], default=((0, 0), told["schema_org"]))
        if right:
            guessed[best.reader[0]] = best
    ways = {**told, **guessed}
    return dict(sorted(ways.items(), key=lambda way: not _finds_texts(page, way[1], record_type)))


def _finds_texts(page: Page, read: Read, record_type: RecordType) -> bool:
    return any(content(raw, record_type) for raw in read_records(page, read, record_type).raws)


def _values(page: Page) -> ReadValues:
    """Take the page's language for the locale of its dates."""
    try:
        return ReadValues(locale=page.selector.css("html::attr(lang)").get("en"))
    except ValueError:
        return ReadValues()


def _likely(page: Page, read: Read, record_type: RecordType) -> tuple[int, int]:
    """Rate rules by how many records look right, then by how much is in them; (0, 0) where fewer than half do."""
    raws = read_records(page, read, record_type).raws
    right = sum(_looks_right(raw, page, read, record_type) for raw in raws)
    return (right, sum(map(len, raws))) if right * 2 > len(raws) else (0, 0)


def _looks_right(raw: Raw, page: Page, read: Read, record_type: RecordType) -> bool:
    rejection = judged(raw, page, read, record_type)
    return rejection is None or {error.reason for error in rejection.fields} <= _LOOKS_RIGHT
