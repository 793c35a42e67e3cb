"""WHAT DOES A PAGE HOLD? Which reader finds what, how much of it can be believed, and where the page leads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from tdcrawl import privacy, text
from tdcrawl.extract.dates import is_ambiguous
from tdcrawl.extract.declared import Declared, declared, difference
from tdcrawl.extract.merging import content
from tdcrawl.extract.obstacles import obstacle
from tdcrawl.extract.reading import Page, Reading, read_records
from tdcrawl.outcomes import PageRejection, ValidateReason
from tdcrawl.probing import leads
from tdcrawl.probing.guess import Ways, best_of, guess_type, guess_ways, ways_of
from tdcrawl.probing.judging import reasons_of
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import Kind, Raw, RecordType
from tdcrawl.redaction import redact
from tdcrawl.sites.profile import Follow, Read, ReaderName, SiteProfile

READERS: tuple[ReaderName, ...] = get_args(ReaderName)
_SAMPLES = 2
_LONGEST_SAMPLE = 80
_OF_RATINGS = ValidateReason.AMBIGUOUS_SCALE
# What a site file must say so that these reasons go.
_REMEDIES = {
    _OF_RATINGS: "[read.values] rating_scale = ?",
    ValidateReason.BAD_DATE: "[read.values] locale = ?",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold one page as it was got: what was asked for, the document, the headers, and whether it is a saved file."""

    asked: str
    page: Page
    headers: Sequence[tuple[str, str]] = ()
    saved: bool = False


def describe(url: str, got: Snapshot | PageRejection, profile: SiteProfile | None) -> dict[str, Any]:
    """Describe a page, read as its site file says or as is guessed; or why it could not be had."""
    if isinstance(got, PageRejection):
        return unread(url, got.reason or got.state, got.detail)
    if profile:
        return probe(got, ways_of(profile.read), profile.read, profile.follow, RECORD_TYPES[profile.record_type])
    record_type = guess_type([got.page])
    return probe(got, guess_ways(got.page, record_type), None, Follow(), record_type)


def probe(snapshot: Snapshot, ways: Ways, read: Read | None, follow: Follow, record_type: RecordType) -> dict[str, Any]:
    """Read a page as `read` says, else in the best of the ways, and describe what was found, as JSON values.

    How many each of the ways finds is told beside it. Persons and personal data are masked.
    """
    page, read = snapshot.page, read or best_of(snapshot.page, ways, record_type)
    found = read_records(page, read, record_type)
    said = declared(page, record_type)
    reasons = reasons_of(found.raws, page, read, record_type)
    with_text = sum(bool(content(raw, record_type)) for raw in found.raws)
    turns, buttons = follow.next or leads.next_selector(page), leads.load_more(page)
    region = privacy.region_of(read.values.locale)
    return {
        "url": snapshot.asked,
        "error": None,
        "records": len(found.raws),
        "records_with_text": with_text,
        "declared": said.number if said else None,
        "difference": difference(len(found.raws), with_text, said, bool(leads.links(page, turns)), bool(buttons)),
        "record_type": record_type.name,
        "read_by": found.readers,
        "readers": dict.fromkeys(READERS, 0)
        | {name: len(read_records(page, way, record_type).raws) for name, way in ways.items()},
        "record": read.record,
        "selectors": dict(read.fields),
        "fields": _coverage(found.raws, record_type),
        "believable": len(found.raws) - sum(reasons.values()),
        "reasons": reasons,
        "needs": _needs(found.raws, read, record_type, reasons),
        "scale": _scale(found.raws, said, record_type),
        "samples": [_sample(raw, record_type, region) for raw in found.raws[:_SAMPLES]],
        "next": _selector(page, turns),
        "products": _selector(page, follow.products or leads.product_selector(page)),
        "load_more": [_cut(words, region) for words in buttons],
        "robots": "not asked" if snapshot.saved else "allowed",
        "opt_outs": leads.opt_outs(page, snapshot.headers),
        "problems": [_cut(problem, region) for problem in [*found.problems, *_obstacles(page, found)]],
    }


def unread(url: str, reason: str, detail: str) -> dict[str, Any]:
    """Describe a page that could not be fetched, with the keys that scripts read."""
    return {
        "url": url,
        "error": {"reason": reason, "detail": redact(detail)},
        "records": 0,
        "records_with_text": 0,
        "declared": None,
        "readers": {},
        "fields": {},
        "robots": "disallowed" if reason == "robots_disallowed" else None,
    }


def _obstacles(page: Page, found: Reading) -> list[str]:
    """Say what stands before a page that gave nothing."""
    why = None if found.raws else obstacle(page.selector)
    return [why[1]] if why else []


def _needs(raws: Sequence[Raw], read: Read, record_type: RecordType, reasons: Mapping[str, int]) -> list[str]:
    """Say what the site file must tell, so that records do not fail or lack a date."""
    dates = (raw.get(name, "") for raw in raws for name in record_type.by_kind[Kind.DATE])
    may_be_two = any(is_ambiguous(date, read.values.locale) for date in dates)
    wanted = {*reasons, *([ValidateReason.BAD_DATE] if may_be_two else [])}
    return [remedy for reason, remedy in _remedies(record_type).items() if reason in wanted]


def _remedies(record_type: RecordType) -> Mapping[str, str]:
    is_rated = any(field.kind is Kind.RATING for field in record_type.fields.values())
    return {reason: remedy for reason, remedy in _REMEDIES.items() if is_rated or reason != _OF_RATINGS}


def _coverage(raws: Sequence[Raw], record_type: RecordType) -> dict[str, float]:
    held = Counter(name for raw in raws for name, string in raw.items() if string.strip())
    names = [*record_type.fields, *sorted(held.keys() - record_type.fields.keys())]
    return {name: round(held[name] / len(raws), 4) for name in names} if raws else {}


def _scale(raws: Sequence[Raw], said: Declared | None, record_type: RecordType) -> str | None:
    """Give the best value there is, as most records say, else as the page's summary does."""
    bests = [name for name, field in record_type.fields.items() if field.into.endswith("_best")]
    told = Counter(raw[name] for raw in raws for name in bests if name in raw)
    return told.most_common(1)[0][0] if told else said.scale if said else None


def _sample(raw: Raw, record_type: RecordType, region: str | None) -> Mapping[str, str]:
    return {
        name: "[person]" if name in record_type.person_fields else _cut(string, region)
        for name, string in sorted(raw.items())
    }


def _cut(string: str, region: str | None) -> str:
    masked = " ".join(privacy.mask(text.clean(string), region)[0].split())
    return masked if len(masked) <= _LONGEST_SAMPLE else f"{masked[: _LONGEST_SAMPLE - 1]}…"


def _selector(page: Page, selector: str | None) -> dict[str, Any] | None:
    found = leads.links(page, selector)
    return {"selector": selector, "links": len(found)} if found else None
