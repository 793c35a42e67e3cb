"""WHAT DOES A PAGE HOLD? Which reader finds what, how much of it can be believed, and where the page leads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from tdcrawl import privacy, text
from tdcrawl.extract.reading import Page, read_records
from tdcrawl.outcomes import ValidateReason
from tdcrawl.probing import leads
from tdcrawl.probing.declared import Declared, declared, difference
from tdcrawl.probing.guess import Ways
from tdcrawl.probing.judging import has_content, reasons_of
from tdcrawl.records.base import Raw, RecordType
from tdcrawl.redaction import redact
from tdcrawl.sites.profile import Follow, ReaderName

READERS: tuple[ReaderName, ...] = get_args(ReaderName)
_SAMPLES = 2
_LONGEST_SAMPLE = 80
# What a site file must say so that these reasons go.
_REMEDIES = {
    ValidateReason.AMBIGUOUS_SCALE: "[read.values] rating_scale = ?",
    ValidateReason.BAD_DATE: "[read.values] locale = ?",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold one page as it was got: what was asked for, the document, the headers, and whether it is a saved file."""

    asked: str
    page: Page
    headers: Sequence[tuple[str, str]] = ()
    saved: bool = False


def probe(snapshot: Snapshot, ways: Ways, follow: Follow, record_type: RecordType) -> dict[str, Any]:
    """Read a page in each of these ways and describe what the first that finds records found, as JSON values.

    Persons and personal data are masked.
    """
    page = snapshot.page
    readings = {name: read_records(page, read, record_type) for name, read in ways.items()}
    name = next((name for name, reading in readings.items() if reading.raws), next(iter(ways)))
    found, read = readings[name], ways[name]
    said = declared(page, record_type)
    reasons = reasons_of(found.raws, page, read, record_type)
    with_text = sum(has_content(raw, record_type) for raw in found.raws)
    turns, buttons = follow.next or leads.next_selector(page), leads.load_more(page)
    return {
        "url": snapshot.asked,
        "error": None,
        "records": len(found.raws),
        "records_with_text": with_text,
        "declared": said.number if said else None,
        "difference": difference(len(found.raws), with_text, said, bool(leads.links(page, turns)), bool(buttons)),
        "reader": found.reader,
        "readers": {name: len(readings[name].raws) if name in readings else 0 for name in READERS},
        "record": read.record,
        "selectors": dict(read.fields),
        "fields": _coverage(found.raws, record_type),
        "believable": len(found.raws) - sum(reasons.values()),
        "reasons": reasons,
        "needs": [remedy for reason, remedy in _REMEDIES.items() if reason in reasons],
        "scale": _scale(found.raws, said, record_type),
        "samples": [_sample(raw, record_type) for raw in found.raws[:_SAMPLES]],
        "next": _selector(page, turns),
        "products": _selector(page, follow.products or leads.product_selector(page)),
        "load_more": [_cut(words) for words in buttons],
        "robots": "not asked" if snapshot.saved else "allowed",
        "opt_outs": leads.opt_outs(page, snapshot.headers),
        "problems": [_cut(problem) for problem in found.problems],
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


def _coverage(raws: Sequence[Raw], record_type: RecordType) -> dict[str, float]:
    held = Counter(name for raw in raws for name, string in raw.items() if string.strip())
    names = [*record_type.fields, *sorted(held.keys() - record_type.fields.keys())]
    return {name: round(held[name] / len(raws), 4) for name in names} if raws else {}


def _scale(raws: Sequence[Raw], said: Declared | None, record_type: RecordType) -> str | None:
    """Give the best value there is, as most records say, else as the page's summary does."""
    bests = [name for name, field in record_type.fields.items() if field.into.endswith("_best")]
    told = Counter(raw[name] for raw in raws for name in bests if name in raw)
    return told.most_common(1)[0][0] if told else said.scale if said else None


def _sample(raw: Raw, record_type: RecordType) -> Mapping[str, str]:
    return {
        name: "[person]" if name in record_type.person_fields else _cut(string) for name, string in sorted(raw.items())
    }


def _cut(string: str) -> str:
    masked = " ".join(privacy.mask(text.clean(string))[0].split())
    return masked if len(masked) <= _LONGEST_SAMPLE else f"{masked[: _LONGEST_SAMPLE - 1]}…"


def _selector(page: Page, selector: str | None) -> dict[str, Any] | None:
    found = leads.links(page, selector)
    return {"selector": selector, "links": len(found)} if found else None
