"""Find strings in nested JSON by dotted key paths, as record types and site files write them."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from tdcrawl.extract.page import Json
from tdcrawl.extract.plain_text import plain_text

# What stands for a thing where a string is wanted: a literal, a PropertyValue, a name, a reference.
_STANDS_FOR_ITS_THING = ("@value", "value", "name", "@id")
_BLANK_NODE = "_:"

Follow = Callable[[Json], Json]


def _stay(node: Json) -> Json:
    return node


def first_string(node: Json, paths: Iterable[str], follow: Follow = _stay) -> str | None:
    """Give the first string, number or truth value at any of the paths (`author.name`) that is not blank.

    Lists on the way are searched in order. `follow` may replace a node by a fuller one, e.g. one it refers to.
    """
    for path in paths:
        for value in values_at(node, path.split("."), follow):
            if string := _string(value):
                return string
    return None


def values_at(node: Json, keys: Sequence[str], follow: Follow = _stay) -> Iterator[Json]:
    """Yield what lies at a key path below a node; every list is opened, the one at its end too."""
    for each in _opened(node):
        if not keys:
            yield each
        elif isinstance(each, dict):
            for child in _opened(each.get(keys[0])):
                yield from values_at(follow(child), keys[1:], follow)


def _opened(node: Json) -> Iterator[Json]:
    if isinstance(node, list):
        for each in node:
            yield from _opened(each)
    else:
        yield node


def _string(value: Json) -> str | None:
    if isinstance(value, dict):
        return first_string(value, _STANDS_FOR_ITS_THING)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    # A blank node's name is drawn anew at every parse: it would give a record a new identity at every visit.
    if not isinstance(value, str) or value.startswith(_BLANK_NODE):
        return None
    return plain_text(value) if not value.isspace() else None
