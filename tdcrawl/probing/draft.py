"""The draft of a site file, from what was found on some of the site's pages."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from tdcrawl.extract.declared import declared
from tdcrawl.extract.doubts import Doubt
from tdcrawl.extract.merging import content
from tdcrawl.extract.page import Page
from tdcrawl.extract.reading import read_records
from tdcrawl.extract.scales import read_number, read_scaled
from tdcrawl.outcomes import ValidateReason
from tdcrawl.probing import leads
from tdcrawl.probing.guess import best_of, guess_type, guess_ways
from tdcrawl.probing.judging import reasons_of
from tdcrawl.records.base import Kind, Raw, RecordType
from tdcrawl.sites.profile import Read

_SCALES = (5, 10, 20, 100)


@dataclass(frozen=True, slots=True)
class _Read:
    """Hold how one page is read best, and what that gives."""

    page: Page
    read: Read
    raws: list[dict[str, str]]

    def worth(self, record_type: RecordType) -> int:
        return sum(bool(content(raw, record_type)) for raw in self.raws)


def draft(name: str, pages: Sequence[Page]) -> str:
    """Write the site file of the pages' site: read as the page with most records is, led by selectors that match."""
    record_type = guess_type(pages)
    read = [_best(page, record_type) for page in pages]
    richest = max(read, key=lambda each: each.worth(record_type))
    lists = [each.page for each in read if not each.worth(record_type)]
    said = declared(richest.page, record_type)
    content: str = _template().render(
        name=name,
        pages=pages,
        record_type=record_type,
        domains=list(dict.fromkeys(_domain(page.url) for page in pages)),
        starts=[page.url for page in lists or pages],
        products=next(filter(None, map(leads.product_selector, lists)), None),
        next=next(filter(None, map(leads.next_selector, pages)), None),
        read=richest.read,
        count=len(richest.raws),
        declared=said.number if said else None,
        by_hand=[
            field for field in record_type.fields if field in record_type.required and field in record_type.told_fields
        ],
        scale=_scale(richest, said.scale if said else None, record_type),
    )
    return content


def _best(page: Page, record_type: RecordType) -> _Read:
    read = best_of(page, guess_ways(page, record_type), record_type)
    return _Read(page, read, read_records(page, read, record_type).raws)


def _scale(best: _Read, said: str | None, record_type: RecordType) -> float | None:
    """Give the best rating where records need it from the site file: as the page's summary says, else the likeliest."""
    if ValidateReason.AMBIGUOUS_SCALE not in reasons_of(best.raws, best.page, best.read, record_type):
        return None
    if not (values := list(_values(best.raws, record_type))):
        return None
    try:
        # It is written into the file as it is, so it must be a number.
        return read_number(said or "")
    except Doubt:
        return next((scale for scale in _SCALES if scale >= max(values)), max(values))


def _values(raws: Sequence[Raw], record_type: RecordType) -> Iterator[float]:
    for name in (name for name, field in record_type.fields.items() if field.kind is Kind.RATING):
        for raw in raws:
            try:
                yield read_scaled(raw.get(name, ""), None, None, float("1e9")).value
            except Doubt:
                continue


def _domain(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _template() -> Any:
    environment = Environment(  # noqa: S701 - it writes TOML, quoted by its own filter
        loader=PackageLoader("tdcrawl.probing"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters["toml"] = _toml
    return environment.get_template("site.toml")


def _toml(string: str) -> str:
    """Quote a string: JSON's way is TOML's too, but for one character."""
    return json.dumps(string, ensure_ascii=False).replace("\x7f", "\\u007f")
