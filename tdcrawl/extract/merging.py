"""Put together what several readers found on one page: each record once, with all that any of them knows of it."""

import re
from collections import defaultdict
from collections.abc import Sequence

from tdcrawl import text
from tdcrawl.records.base import Kind, Raw, RecordType

_WORD = re.compile(r"\w+")
# People who wrote the same words: whoever is not among so many is somebody else.
_MOST_ALIKE = 100


def content(raw: Raw, record_type: RecordType) -> str:
    """Give the words of a record as readers of one page agree on them; empty where it has none.

    Not `text.normalise`: one sign can stand for eighteen letters, and a page of nothing else would take ten seconds.
    """
    said = " ".join(raw.get(name, "") for name in record_type.by_kind[Kind.TEXT]).casefold()
    return " ".join(_WORD.findall(said)) or " ".join(said.split())


def merged(
    known: Sequence[dict[str, str]], more: Sequence[dict[str, str]], record_type: RecordType
) -> list[dict[str, str]]:
    """Add the records of a later reader: of one that is known it fills the gaps, the others follow.

    Records are the same when their words are, unless both tell a name (an author, say) and these differ. Each is met
    once, so that two people who wrote the same words stay two.
    """
    told = list(known)
    unmet = defaultdict[str, list[int]](list)
    for place, raw in enumerate(told):
        unmet[content(raw, record_type)].append(place)
    for raw in more:
        alike = unmet[content(raw, record_type)]
        met = next((place for place in alike[:_MOST_ALIKE] if _agree(told[place], raw, record_type)), None)
        if met is None:
            told.append(raw)
        else:
            alike.remove(met)
            told[met] = raw | told[met]
    return told


def _agree(one: Raw, other: Raw, record_type: RecordType) -> bool:
    names = [name for name in record_type.identity_fields if record_type.fields[name].kind is Kind.NAME]
    pairs = [
        (text.normalise(one[name]), text.normalise(other[name])) for name in names if name in one and name in other
    ]
    # Without words a name is all there is to know a record by.
    return all(mine == theirs for mine, theirs in pairs) and (bool(pairs) or bool(content(one, record_type)))
