"""Lists in a page's scripts that look like records."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice

from tdcrawl.extract.page import Json, Page
from tdcrawl.extract.scripts import read_json
from tdcrawl.probing.words import named_by
from tdcrawl.records.base import Kind, RecordType

Guess = tuple[str, Mapping[str, str]]
"""Where the records are, and where each field is in one of them."""

# Not those of minified code: a page may have thousands.
_ASSIGNMENT = re.compile(
    r"""(?:\b(?:window\.|window\[["']|var\s|let\s|const\s)|^)\s*([A-Za-z_$][\w$]{2,})["']?\]?\s*=\s*(?=[{\[])"""
)
_KEY = re.compile(r"[^.\s]+")
# A page's state may be large; lists of records lie near its top.
_DEEPEST = 12
_MOST_SCRIPTS = 40
_NEEDED = {Kind.TEXT, Kind.RATING}


def guesses(page: Page, record_type: RecordType) -> Iterator[Guess]:
    """Yield the key path of each list whose entries have keys that name a text and a rating, with those keys."""
    for name, script in islice(_named(page), _MOST_SCRIPTS):
        try:
            data = read_json(script)
        except ValueError:
            continue
        for path, entry in _entries(data, (name,)):
            fields = _fields(entry, record_type)
            if {record_type.fields[field].kind for field in fields} >= _NEEDED:
                yield ".".join(path), fields


def _named(page: Page) -> Iterator[tuple[str, str]]:
    """Yield the scripts that a site file could name: by their id, or by the variable they fill."""
    for script in page.selector.xpath("//script[@id][contains(@type, 'json')][not(contains(@type, 'ld+json'))]"):
        if "." not in script.attrib["id"]:
            yield script.attrib["id"], script.xpath("string()").get("")
    for text in page.selector.xpath("//script[not(@type) or contains(@type, 'javascript')]/text()").getall():
        for match in _ASSIGNMENT.finditer(text):
            yield match[1], text[match.end() :]


def _entries(node: Json, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Json]]]:
    """Yield the first entry of each list of dictionaries, with the keys on the way to the list."""
    if isinstance(node, list):
        for entry in node:
            if isinstance(entry, dict):
                yield path, entry
                break
    for key, child in node.items() if isinstance(node, dict) else (("", each) for each in _first(node)):
        if len(path) < _DEEPEST and (not key or _KEY.fullmatch(key)):
            yield from _entries(child, (*path, key) if key else path)


def _first(node: Json) -> list[Json]:
    return node[:1] if isinstance(node, list) else []


def _fields(entry: Mapping[str, Json], record_type: RecordType) -> dict[str, str]:
    found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for path in _paths(entry):
        *above, key = path.split(".")
        for field, unsure in named_by(key, record_type):
            found[field].append((len(above), unsure, path))
    return {field: min(found[field])[-1] for field in record_type.fields if field in found}


def _paths(entry: Mapping[str, Json]) -> Iterator[str]:
    """Yield the keys of an entry whose values a reader can take, and those one level below."""
    for key, value in entry.items():
        if not _KEY.fullmatch(key):
            continue
        if isinstance(value, dict):
            yield from (
                f"{key}.{inner}" for inner, below in value.items() if _is_plain(below) and _KEY.fullmatch(inner)
            )
        if _is_plain(value) or (isinstance(value, dict) and value.keys() & {"value", "name"}):
            yield key


def _is_plain(value: Json) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
