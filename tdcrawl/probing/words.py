"""The words in a key or a class, and which field they may name."""

import re
from collections.abc import Iterator

from tdcrawl.records.base import Kind, RecordType

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MANY_WORDS = 100


def words(name: str) -> frozenset[str]:
    """List the words of `reviewBody`, `review-body` or `review__bodies`, in lower case and the singular."""
    return frozenset(word.lower().removesuffix("s") for word in _WORD.findall(name)) | {name.lower()}


def named_by(name: str, record_type: RecordType) -> Iterator[tuple[str, int]]:
    """Yield the fields that a key or class may name, each with how unsure that is (less is surer).

    What names the bound of a scale names no rating; a field's own word and few others are surer than many.
    """
    found = dict(_named_by(name, record_type))
    bounds = {field for field in found if record_type.fields[field].is_bound}
    yield from ((field, unsure) for field, unsure in found.items() if not bounds or field in bounds)


def _named_by(name: str, record_type: RecordType) -> Iterator[tuple[str, int]]:
    said = words(name)
    for field, described in record_type.fields.items():
        # Many things on a page have an id: only one that is called so by itself is the record's.
        own = {name.lower()} if described.kind is Kind.IDENTIFIER else said
        for place, word in enumerate(described.words):
            if word in own:
                yield field, place * _MANY_WORDS + len(said)
                break
