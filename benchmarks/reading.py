"""Measure how long a page of reviews takes to read, against the parse and `json.loads` alone, and against extruct."""

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import extruct
from parsel import Selector

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.reviews import REVIEWS_A_PAGE, invent_reviews
from tdcrawl.extract.reading import Page, read_records
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Read

_URL = "https://shop.example/product/17"
_READ = Read(reader=["schema_org"])
_BYTES = 60_000
_JSON_LD = "//script[@type='application/ld+json']/text()"
# As often as a way is measured in a round, after once to warm up; extruct takes fifty times as long.
_TIMES, _TIMES_EXTRUCT = 200, 5

Review = dict[str, str]
Way = Callable[[], object]


def main() -> None:
    """Read the same two pages in all ways, in rounds, and print milliseconds a page and their ratios."""
    options = machine.parser("Milliseconds to read a page of reviews, against the parse and json.loads.").parse_args()
    reviews = list(invent_reviews(REVIEWS_A_PAGE))
    figures: dict[str, Any] = {"rounds": options.rounds, "reviews": REVIEWS_A_PAGE}
    for markup, print_page in (("json_ld", print_json_ld), ("microdata", print_microdata)):
        page = print_page(reviews)
        _check(page)
        rounds = [_round(_ways(page, markup), turn) for turn in range(options.rounds)]
        medians = {figure: machine.median_of(rounds, figure) for figure in rounds[0]}
        figures[markup] = {"bytes": len(page), **medians}
    title = f"Reading a page of {REVIEWS_A_PAGE} reviews, medians of {options.rounds} rounds"
    machine.report(title, figures, _in_words(figures), as_json=options.json)


def _ways(page: bytes, markup: str) -> dict[str, Way]:
    floor = _load if markup == "json_ld" else _parse
    return {"ours": partial(_ours, page), "floor": partial(floor, page), "extruct": partial(_extruct, page)}


def _ours(page: bytes) -> list[Review]:
    return read_records(Page(_URL, _parse(page)), _READ, REVIEW).raws


def _parse(page: bytes) -> Selector:
    return Selector(body=page, encoding="utf-8")


def _load(page: bytes) -> object:
    return json.loads(_parse(page).xpath(_JSON_LD).get(""))


def _extruct(page: bytes) -> object:
    return extruct.extract(page.decode(), base_url=_URL)


def _round(ways: dict[str, Way], turn: int) -> dict[str, float]:
    # One after the other, again and again: whatever else the machine does in between, it does to all.
    spent = {name: list[float]() for name in ways}
    gc.collect()
    for time_of in range(_TIMES):
        for name in ways if (time_of + turn) % 2 else reversed(ways):
            if name != "extruct" or time_of < _TIMES_EXTRUCT:
                begun = time.perf_counter()
                ways[name]()
                spent[name].append(time.perf_counter() - begun)
    ours, floor, theirs = (sorted(spent[name])[len(spent[name]) // 2] for name in ways)
    return {
        "milliseconds": 1000 * ours, "floor_milliseconds": 1000 * floor, "ratio": ours / floor,
        "extruct_milliseconds": 1000 * theirs, "speedup_over_extruct": theirs / ours,
    }  # fmt: skip


def _check(page: bytes) -> None:
    raws = _ours(page)
    told = {len(raw) for raw in raws}
    if len(raws) != REVIEWS_A_PAGE or min(told) < 7:
        machine.fail(f"{len(raws)} reviews were read, of {told} fields")


def print_json_ld(reviews: list[Review]) -> bytes:
    """Print a product page whose reviews stand in a script, and once more for people."""
    listed = [
        {
            "@type": "Review", "@id": f"#{each['review_id']}", "name": each["title"], "reviewBody": each["text"],
            "author": {"@type": "Person", "name": each["author"]}, "datePublished": each["date"],
            "reviewRating": {"@type": "Rating", "ratingValue": each["rating"], "bestRating": "5", "worstRating": "1"},
        }
        for each in reviews
    ]  # fmt: skip
    product = {"@context": "https://schema.org", "@type": "Product", "sku": "17", "name": "Kettle", "review": listed}
    script = f'<script type="application/ld+json">{json.dumps(product)}</script>'
    shown = "".join(
        f"<article class='review'><h3>{each['title']}</h3><span class='stars' data-value='{each['rating']}'></span>"
        f"<p>{each['text']}</p><span class='by'>{each['author']}</span><time>{each['date']}</time></article>"
        for each in reviews
    )
    return _filled(script, shown)


def print_microdata(reviews: list[Review]) -> bytes:
    """Print a product page that marks its reviews where people read them."""
    shown = "".join(
        '<article itemprop="review" itemscope itemtype="https://schema.org/Review">'
        f'<h3 itemprop="name">{each["title"]}</h3><p itemprop="reviewBody">{each["text"]}</p>'
        '<span itemprop="reviewRating" itemscope itemtype="https://schema.org/Rating">'
        f'<meta itemprop="ratingValue" content="{each["rating"]}"><meta itemprop="bestRating" content="5"></span>'
        f'<span itemprop="author">{each["author"]}</span>'
        f'<time itemprop="datePublished" datetime="{each["date"]}">{each["date"]}</time></article>'
        for each in reviews
    )
    product = '<main itemscope itemtype="https://schema.org/Product"><meta itemprop="sku" content="17">'
    return _filled("", f"{product}{shown}</main>")


def _filled(head: str, shown: str) -> bytes:
    """Fill a page with what shops have beside their reviews, until it is as long as theirs."""
    page, number = f"<html><head><title>Kettle</title>{head}</head><body>{shown}", 0
    while len(page) < _BYTES:
        number += 1
        page += (
            f"<div class='tile'><a class='link' href='/product/{number}?from=17'><img src='/picture/{number}.jpg'"
            f" alt='Kettle {number}'><span>Kettle {number}</span></a></div>"
        )
    return f"{page}</body></html>".encode()


def _in_words(figures: dict[str, Any]) -> Iterator[str]:
    floors = {"json_ld": "the parse and json.loads of its script", "microdata": "the parse alone"}
    for markup, floor in floors.items():
        yield "{}, {bytes} bytes: {milliseconds:.2f} ms a page".format(markup, **figures[markup])
        yield "  {}: {floor_milliseconds:.2f} ms, ratio {ratio:.2f}".format(floor, **figures[markup])
        yield "  extruct, all syntaxes: {extruct_milliseconds:.1f} ms, {speedup_over_extruct:.0f} times as long".format(
            **figures[markup]
        )


if __name__ == "__main__":
    main()
