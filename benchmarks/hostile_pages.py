"""Measure for how long pages that mean harm hold a crawl, through what it does with each: as large as one may be."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from parsel import Selector

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from tdcrawl.extract.obstacles import why_failed
from tdcrawl.extract.reading import Page, Reading, read_records
from tdcrawl.extract.turning import turn_page
from tdcrawl.records.review import REVIEW
from tdcrawl.settings import DOWNLOAD_MAXSIZE
from tdcrawl.sites.profile import Read, SiteProfile, Start

_URL = "https://shop.example/product/17"
# Fewer than the reader refuses to search, so that it does search.
_ELEMENTS = 99_000
READERS: Mapping[str, Read] = {
    "schema_org": Read(reader=["schema_org"]),
    "microformats": Read(reader=["microformats"]),
    "css": Read(reader=["css"], record=".review", fields={"text": [".no .at > .all", ".body"], "author": ".by"}),
    "embedded_json": Read(reader=["embedded_json"], record="r", fields={"text": "text"}),
}
_SCRIPT = '<script type="application/ld+json">'
_ITEM = '<div itemscope itemtype="https://schema.org/Review">'
_REVIEW = '{"@type":"Review","reviewBody":"a","reviewRating":5},'

Body = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Hostile:
    """Hold a page: how it is written to be of some size, which reader it is for, and how a crawl tells of it, if so."""

    body: Body
    reader: str = "schema_org"
    told: str = ""


def _page(unit: str, before: str = "", after: str = "", most: int | None = None) -> Body:
    """Repeat something, as often as there is room or `most` times, between what stands before and after."""

    def body(size: int) -> str:
        room = (size - len(before) - len(after)) // len(unit)
        return before + unit * min(room, most or room) + after

    return body


def _json(unit: str, before: str = "[", after: str = "0]") -> Body:
    return _page(unit, _SCRIPT + before, f"{after}</script>")


def _within(unit: str, before: str = "") -> Body:
    elements = unit.count("<") - unit.count("</")
    return _page(unit, before, most=_ELEMENTS // elements)


def _numbered(size: int) -> str:
    listed = ",".join(f'{{"@id":"a","@type":"Review","reviewBody":"{n}","k{n}":1}}' for n in range(size // 60))
    return f"{_SCRIPT}[{listed}]</script>"


def _reviews(size: int) -> str:
    review = '{{"@type":"Review","author":"A. B.","reviewBody":"Number {}, good.","reviewRating":{{"ratingValue":5}}}}'
    return f"{_SCRIPT}[{','.join(map(review.format, range(size // 103)))}]</script>"


def _both(size: int) -> str:
    names, reviews = '"",' * (size // 7), '{"@type":"Review","reviewBody":"x"},' * (size // 80)
    return f'{_SCRIPT}{{"@type":"Product","sku":[{names}""],"review":[{reviews}0]}}</script>'


def _references(size: int) -> str:
    item = f'{_ITEM[:-1]} itemref="{"b " * 2000}"></div>'
    return item * min(1000, size // len(item)) + "<div id=b itemprop=x>x</div>"


PAGES: Mapping[str, Hostile] = {
    "200,000 nested divs": Hostile(_page("<div>", most=200_000), told="nested deeper"),
    "nothing but <": Hostile(_page("<")),
    "nothing but words": Hostile(_page("word ")),
    "paragraphs": Hostile(_page("<p>word</p>"), told="elements"),
    "as many paragraphs as are searched": Hostile(_within("<p>word</p>")),
    "JSON-LD, lists in lists": Hostile(_json("[", before='["Review"'), told="JSON-LD: "),
    "JSON-LD, objects in objects": Hostile(_json('{"@type":"Review","a":'), told="JSON-LD: "),
    "JSON-LD, broken at its end": Hostile(_json(_REVIEW, after='{"@type": broken'), told="JSON-LD: "),
    "JSON-LD, 100,000 reviews": Hostile(_reviews, told="schema.org: only 10,000 of"),
    "JSON-LD, one @id for all reviews": Hostile(_numbered, told="schema.org: only 10,000 of"),
    "JSON-LD, a million blank names": Hostile(_both, told="schema.org: only 10,000 of"),
    "JSON-LD, one long text": Hostile(_json("&amp;<p ", '{"@type":"Review","reviewBody":"', '"}')),
    "JSON-LD, one long rating": Hostile(_json("5", '{"@type":"Review","reviewRating":"', '"}')),
    "JSON-LD, thousands of scripts": Hostile(_page(f"{_SCRIPT}[</script>", most=_ELEMENTS), told="blocks"),
    "microdata, items": Hostile(_within(f"{_ITEM}<i itemprop=reviewBody>x</i></div>"), told="items and properties"),
    "microdata, items in items": Hostile(_page(_ITEM, most=200), told="nested more than"),
    "microdata, a circle of references": Hostile(
        _page(f"{_ITEM[:-1]} id=a itemref=b></div><div id=b itemprop=x itemscope itemref=a></div>", most=1)
    ),
    "microdata, references": Hostile(_references, told="references"),
    "microdata, text in text": Hostile(
        _within("<i>x</i>", _ITEM + "<div itemprop=reviewBody>" * 200), told="more text than"
    ),
    "RDFa, entities": Hostile(_within("<div typeof=Review><i property=reviewBody>x</i></div>"), told="RDFa: "),
    "hReview": Hostile(_within("<div class=hreview><p class=description>x</p></div>"), "microformats", "are read"),
    "h-review": Hostile(_within("<div class=h-review><p class=e-content>x</p></div>"), "microformats", "are read"),
    "h-review in h-review": Hostile(_within("<p>x</p>", "<div class=h-review>" * 200), "microformats", "are read"),
    "css, records": Hostile(_within("<p class=review><i class=body>x<b>y</b></i></p>"), "css", "css: only"),
    "css, records in records": Hostile(_within("<p class=body>x</p>", "<div class=review>" * 200), "css", "css: only"),
    "css, blank in blank": Hostile(
        _page("<i> </i>", "<div class=review>" + "<div class=body>" * 200, most=40_000), "css", "none of [read.fields]"
    ),
    "css, one long text": Hostile(_page("x <p", "<div class=review><div class=body>", most=_ELEMENTS), "css"),
    "scripts, assignments": Hostile(_page("r={", "<script>", "</script>"), "embedded_json", "embedded_json: "),
    "scripts, a list": Hostile(
        _page('{"text":"a"},', "<script>r=[", "0]</script>"), "embedded_json", "embedded_json: only"
    ),
    "scripts, white space": Hostile(_page(" ", "<script>r", "</script>"), "embedded_json"),
}


def read_page(page: bytes, reader: str) -> tuple[Reading, object]:
    """Do what a crawl does with a page, in one go: parse it, read its records, and ask whether it has failed."""
    parsed, profile = Page(_URL, Selector(body=page, encoding="utf-8")), _profile(reader)
    found = read_records(parsed, profile.read, REVIEW)
    turn = turn_page(1, None, found.raws, [], [])
    return found, why_failed(parsed, found, turn, profile, REVIEW, led_on=False)


def _profile(reader: str) -> SiteProfile:
    start = Start(urls=[_URL])
    return SiteProfile(
        name="hostile", record_type="review", allowed_domains=["shop.example"], start=start, read=READERS[reader]
    )


def main() -> None:
    """Read all pages and print the milliseconds of each, the slowest first."""
    parser = machine.parser("Milliseconds for which hostile pages hold a crawl.")
    parser.add_argument("--bytes", type=machine.positive, default=DOWNLOAD_MAXSIZE, help="how large each page is")
    options = parser.parse_args()
    spent = {name: _measure(hostile, options.bytes, options.rounds) for name, hostile in PAGES.items()}
    slowest = dict(sorted(spent.items(), key=lambda pair: -pair[1]))
    figures: dict[str, Any] = {"bytes": options.bytes, "slowest": max(spent.values()), "milliseconds": slowest}
    title = f"Hostile pages of up to {options.bytes:,} bytes, milliseconds of processor time"
    machine.report(title, figures, _in_words(slowest), as_json=options.json)


def _measure(hostile: Hostile, size: int, rounds: int) -> float:
    page = hostile.body(size).encode()
    times = [_time(partial(read_page, page, hostile.reader)) for _ in range(rounds)]
    return round(1000 * sorted(times)[len(times) // 2], 1)


def _time(way: Callable[[], object]) -> float:
    begun = time.process_time()
    way()
    return time.process_time() - begun


def _in_words(slowest: Mapping[str, float]) -> Iterator[str]:
    for name, milliseconds in slowest.items():
        yield f"{milliseconds:7.0f}  {name}"


if __name__ == "__main__":
    main()
