"""Find strings in nested JSON by dotted key paths, as record types and site files write them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from tdcrawl.extract.page import Json
from tdcrawl.extract.plain_text import LONGEST, plain_text

# What stands for a thing where a string is wanted: a literal, a PropertyValue, a name, a reference.
_STANDS_FOR_ITS_THING = ("@value", "value", "name", "@id")
_BLANK_NODE = "_:"
# Where so many in a list say nothing, none does: each record may come by the same list of a million.
_MOST_TRIED = 10

Get = Callable[[dict[str, Json], str], Json]
"""How a dictionary is asked for a key, `dict.get` or something that knows more."""


def first_string(node: Json, paths: Iterable[str], get: Get = dict.get) -> str | None:
    """Give the first string, number or truth value at any of the paths (`author.name`) that is not blank."""
    return next(filter(None, (string_at(node, path.split("."), get) for path in paths)), None)


def string_at(node: Json, keys: Sequence[str], get: Get = dict.get) -> str | None:
    """Give the first string at a key path that is not blank; lists on the way are searched in order."""
    if keys:
        if isinstance(node, dict):
            return string_at(get(node, keys[0]), keys[1:], get)
        return next(filter(None, (string_at(each, keys, get) for each in _tried(node))), None)
    if not isinstance(node, str):
        return _stands_for(node, get)
    # A blank node's name is drawn anew at every parse: it would give a record a new identity at every visit.
    if node[:2] == _BLANK_NODE or node.isspace():
        return None
    return plain_text(node) if "&" in node or "<" in node or len(node) > LONGEST else node


def values_at(node: Json, keys: Sequence[str]) -> Iterator[Json]:
    """Yield what lies at a key path below a node; every list is opened, the one at its end too."""
    for each in _opened(node):
        if not keys:
            yield each
        elif isinstance(each, dict):
            yield from values_at(each.get(keys[0]), keys[1:])


def _tried(node: Json) -> Iterator[Json]:
    waiting = deque(node[:_MOST_TRIED] if isinstance(node, list) else ())
    for _ in range(_MOST_TRIED):
        if not waiting:
            return
        each = waiting.popleft()
        if isinstance(each, list):
            waiting.extendleft(reversed(each[:_MOST_TRIED]))
        else:
            yield each


def _opened(node: Json) -> Iterator[Json]:
    if isinstance(node, list):
        for each in node:
            yield from _opened(each)
    else:
        yield node


def _stands_for(value: Json, get: Get) -> str | None:
    if isinstance(value, dict):
        # What is said elsewhere about the thing counts, but not about what that names in turn: it may go in circles.
        told = (string_at(get(value, key), ()) for key in _STANDS_FOR_ITS_THING)
        return next(filter(None, told), None)
    if isinstance(value, list):
        return next(filter(None, (string_at(each, (), get) for each in _tried(value))), None)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else None
