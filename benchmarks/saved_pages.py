"""Read saved pages of real shops: are all reviews found and none invented, ratings right, vendors' widgets read?"""

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from parsel import Selector

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from tdcrawl.extract.doubts import Doubt
from tdcrawl.extract.plain_text import plain_text
from tdcrawl.extract.reading import Page, read_records
from tdcrawl.extract.scales import read_number, read_scaled
from tdcrawl.records.base import Raw
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.loading import load_profile
from tdcrawl.sites.profile import Read, SiteProfile
from tdcrawl.text import normalise

_PAGES = machine.CHECKOUT.parent / "shared" / "data" / "pages"
SITES = Path(__file__).with_name("saved_sites")
_GENERIC = Read(reader=["schema_org"])
_BEST_UNSAID = 5.0
# Index and reader cut and clean a text each in their way; its beginning tells it from all others of its page.
_BEGINNING = 30

Entry = dict[str, Any]


def main() -> None:
    """Read the pages beside their index and print the shares; say so where there are none."""
    parser = machine.parser("Reviews found on saved pages of real shops, against the counts of their index.")
    parser.add_argument("--pages", type=Path, default=_PAGES, metavar="FOLDER", help="the pages and their index.json")
    options = parser.parse_args()
    if not (options.pages / "index.json").is_file():
        print(f"No saved pages: {options.pages} has no index.json. They are not part of the project.")
        return
    entries = json.loads((options.pages / "index.json").read_text())
    figures = measure([(entry, open_page(options.pages, entry)) for entry in entries])
    machine.report("Saved pages of real shops", figures, _in_words(figures), as_json=options.json)


def open_page(folder: Path, entry: Entry) -> Page:
    """Parse a saved page as a crawl does a fetched one."""
    body = gzip.decompress((folder / entry["file"]).read_bytes())
    selector = Selector(body=body, encoding=entry["declared_encoding"] or "utf-8")
    return Page(entry["url"] or "https://shop.example/", selector)


def measure(saved: Iterable[tuple[Entry, Page]]) -> dict[str, Any]:
    """Count over all pages what the generic reader finds of structured reviews, and site files of those in widgets."""
    total = Counter[str]()
    vendors, wrong = dict[str, Counter[str]](), list[str]()
    profiles = [load_profile(str(path)) for path in sorted(SITES.glob("*.toml"))]
    for entry, page in saved:
        counts = count_structured(entry, read_records(page, _GENERIC, REVIEW).raws)
        total.update(pages=1, **counts)
        if entry["expected_dom_reviews"] is not None:
            read_by, raws = read_by_site_file(page, profiles)
            vendors.setdefault(read_by, Counter()).update(count_shown(entry, raws))
        wrong += [entry["file"]] if counts["found"] != counts["expected"] or counts["false"] else []
    recall = round(total["found"] / total["expected"], 4) if total["expected"] else None
    return {**total, "recall": recall, "wrong": wrong, "vendors": {name: dict(vendors[name]) for name in vendors}}


def count_structured(entry: Entry, raws: list[dict[str, str]]) -> Counter[str]:
    """Count, for one page, the reviews with a text that it holds once each, those found, and whose ratings are right.

    `false` are more than it holds, with a text or in all. `samples` are reviews whose rating the index quotes.
    """
    with_text = sum(bool(raw.get("text", "").strip()) for raw in raws)
    rated, all_rated = sum("rating" in raw for raw in raws), bool(entry["expected_structured_with_rating"])
    expected = entry["expected_structured_unique_text_author"]
    samples = [sample for sample in entry["samples"] if sample["rating"] is not None]
    return Counter(
        {
            "expected": expected,
            "found": min(with_text, expected),
            "false": max(0, with_text - expected, len(raws) - entry["expected_structured_reviews"]),
            "ratings_expected": len(raws) if all_rated else 0,
            "ratings_found": rated,
            "samples": len(samples),
            "samples_right": sum(any(has_rating(raw, sample) for raw in raws) for sample in samples),
        }
    )


def has_rating(raw: Raw, sample: Entry) -> bool:
    """Say whether a record is the sample's review, and has its rating: the value as the page says it, and its scale."""
    if _who(raw.get("text") or raw.get("author", "")) != _who(sample["body"] or sample["author"]):
        return False
    try:
        best = read_number(raw["best_rating"]) if "best_rating" in raw else None
        told = read_scaled(raw["rating"], best, None, None)
    except (Doubt, KeyError):
        # What a shop writes where nobody rated is no rating, and must not be taken for one.
        return not float(sample["rating"])
    return (told.value, told.best) == (float(sample["rating"]), float(sample["best"] or _BEST_UNSAID))


def _who(said: str) -> str:
    return normalise(plain_text(said))[:_BEGINNING]


def read_by_site_file(page: Page, profiles: Iterable[SiteProfile]) -> tuple[str, list[dict[str, str]]]:
    """Read a page by the site file of its kind: the one that finds most."""
    found = {profile.name: read_records(page, profile.read, REVIEW).raws for profile in profiles}
    name = max(found, key=lambda name: len(found[name]))
    return (name, found[name]) if found[name] else ("none of the site files", [])


def count_shown(entry: Entry, raws: list[dict[str, str]]) -> dict[str, int]:
    """Count, for one page, the reviews that it shows and those that its site file finds, with a text and a rating."""
    expected = entry["expected_dom_reviews"]
    with_text, rated = (sum(name in raw for raw in raws) for name in ("text", "rating"))
    return {
        "pages": 1, "right": int(len(raws) == expected),
        "expected": expected, "found": len(raws), "with_text": with_text, "rated": rated,
    }  # fmt: skip


def _in_words(figures: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{figures['pages']} pages, {figures['expected']} structured reviews with a text: recall {figures['recall']},"
        f" {figures['false']} false"
    )
    yield f"ratings: {figures['ratings_found']} of {figures['ratings_expected']} records that have one"
    yield f"         {figures['samples_right']} of {figures['samples']} quoted ones right, value and scale"
    for name, counts in figures["vendors"].items():
        told = "{}: {right} of {pages} pages as counted, {found} of {expected} reviews, {rated} rated"
        yield told.format(name, **counts)
    yield f"otherwise than the index: {', '.join(figures['wrong']) or 'none'}"


if __name__ == "__main__":
    main()
