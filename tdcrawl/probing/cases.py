"""Page cases: a page, where it was, and what its site file must read in it; `tests/sites/test_pages.py` checks them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parsel import Selector

from tdcrawl.extract.reading import Page, read_records
from tdcrawl.probing.judging import reasons_of
from tdcrawl.probing.leads import links
from tdcrawl.probing.trimming import trim
from tdcrawl.records import RECORD_TYPES
from tdcrawl.sites.loading import bundled_sites, load_profile
from tdcrawl.sites.profile import SiteProfile
from tdcrawl.store.atomic import new_directory

PAGE, URL, EXPECTED = "page.html", "url.txt", "expected.json"
_LONGEST_SHOWN = 60


def read_page(page: Page, profile: SiteProfile) -> dict[str, Any]:
    """Read all that a site file says of a page: the records' strings, why some would fail, and where it leads."""
    record_type = RECORD_TYPES[profile.record_type]
    found = read_records(page, profile.read, record_type)
    return {
        "read_by": found.readers,
        "reasons": reasons_of(found.raws, page, profile.read, record_type),
        "next": links(page, profile.follow.next),
        "products": links(page, profile.follow.products),
        "records": [dict(sorted(raw.items())) for raw in found.raws],
    }


def write_case(folder: Path, page: Page, profile: SiteProfile) -> dict[str, Any]:
    """Write the trimmed page and what was read in it, not yet confirmed; gives what was read. Raises StoreError."""
    expected = read_page(page, profile)
    html = trim(page, lambda trimmed: read_page(trimmed, profile) == expected)
    content = json.dumps({"confirmed": False, **expected}, ensure_ascii=False, indent=2)
    with new_directory(folder) as case:
        (case / PAGE).write_text(html, encoding="utf-8", newline="")
        (case / URL).write_text(page.url + "\n", encoding="utf-8")
        (case / EXPECTED).write_text(content + "\n", encoding="utf-8")
    return expected


def site_of(folder: Path) -> SiteProfile:
    """Load the site of a folder of cases, `…/tests/pages/<site>`: `…/<site>.toml`, else the bundled one of that name.

    Raises SiteError where there is neither.
    """
    own = folder.parents[2] / f"{folder.name}.toml"
    bundled = not own.is_file() and folder.name in bundled_sites()
    return load_profile(folder.name if bundled else str(own))


def check_case(folder: Path, profile: SiteProfile) -> Iterator[str]:
    """Say, a line a field, where a site file reads a page otherwise than expected; one more where nobody confirmed."""
    html = (folder / PAGE).read_bytes().decode("utf-8")
    url = (folder / URL).read_text(encoding="utf-8").strip()
    expected = json.loads((folder / EXPECTED).read_text(encoding="utf-8"))
    confirmed = expected.pop("confirmed", False)
    read = read_page(Page(url, Selector(html)), profile)
    wanted_records, records = expected.pop("records", []), read.pop("records")
    yield from _differences("", expected, read)
    if len(wanted_records) != len(records):
        yield f"records: {len(wanted_records)} expected, {len(records)} read"
    for number, (wanted, raw) in enumerate(zip(wanted_records, records, strict=False), start=1):
        yield from _differences(f"record {number}, ", wanted, raw)
    if confirmed is not True:
        yield f'nobody has confirmed it: compare {EXPECTED} with the page, then set "confirmed": true in it'


def _differences(place: str, expected: dict[str, Any], read: dict[str, Any]) -> Iterator[str]:
    for name in sorted(expected.keys() | read.keys()):
        wanted, held = expected.get(name), read.get(name)
        if wanted != held:
            yield f"{place}{name}: {_shown(wanted)} expected, {_shown(held)} read"


def _shown(value: object) -> str:
    shown = "nothing" if value is None else repr(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 1]}…"
