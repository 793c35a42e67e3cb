"""Is each record what it was when it was written: its text as it was hashed, its label as it was given?"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection, Text, cast, select

from tdcrawl import text
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.naming import RULE
from tdcrawl.store.label_tables import labels
from tdcrawl.store.rows import DECISION
from tdcrawl.store.tables import records

_ROWS_AT_A_TIME = 200


class Looked(NamedTuple):
    """Hold many records, a column each, with their normalised texts: what is read here need not be read again."""

    record_type: Sequence[str]
    content_hash: Sequence[str]
    data: Sequence[Mapping[str, Any]]
    record_id: Sequence[str]
    site: Sequence[str]
    group_key: Sequence[str]
    cluster_id: Sequence[str]
    text: Sequence[str]


Look = Callable[[Looked], None]
# Its JSON is read here: SQLAlchemy has three calls for what is one.
_UNREAD = {"data": cast(records.c.data, Text).label("data")}
_LOOKED_AT = [_UNREAD.get(name, records.c[name]) for name in Looked._fields if name != "text"]
_GIVEN, _LATER = labels.alias(), labels.alias()
_RECORDS = (
    select(*_LOOKED_AT, records.c.label, _GIVEN.c.label.label("given"), _GIVEN.c.source, _GIVEN.c.version)
    .select_from(
        records.outerjoin(_GIVEN, (_GIVEN.c.record_id == records.c.record_id) & (_GIVEN.c.kind == DECISION)).outerjoin(
            _LATER,
            (_LATER.c.record_id == _GIVEN.c.record_id)
            & (_LATER.c.kind == DECISION)
            & (_LATER.c.label_id > _GIVEN.c.label_id),
        )
    )
    # The last one is that after which there is none: to group them first takes longer on SQLite, and asked record by
    # record for the greatest id, PostgreSQL walks all labels backwards for each.
    .where(_LATER.c.label_id.is_(None))
)


def record_problems(connection: Connection, look: Look | None = None) -> Iterator[str]:
    """Read all records once, for whoever wants to look at them too, and say how many are not what they were."""
    counted: Counter[str] = Counter()
    for rows in connection.execute(_RECORDS, execution_options={"yield_per": _ROWS_AT_A_TIME}).partitions():
        datas, texts = [], []
        for kind, content_hash, data, *_, label, given, source, version in rows:
            record_type = RECORD_TYPES[kind]
            datas.append(from_json(data))
            record = record_type.stored(datas[-1])
            texts.append(record_type.sameness(record))
            if text.content_hash(texts[-1]) != content_hash:
                counted["no longer have the text their content hash was made of"] += 1
            if given is None:
                counted["have a label that nobody gave: labels has no row for them"] += 1
            elif given != label:
                counted["have another label than they were given last"] += 1
            # What an older version of the rule said cannot be asked any more.
            if source == RULE and version == record_type.rule_version and given != record_type.rule(record):
                counted["were given another label by the rule than it gives to what they say now"] += 1
        if look:
            columns = islice(zip(*rows, strict=True), len(_LOOKED_AT))
            look(Looked._make([*columns, texts])._replace(data=datas))
    yield from (f"{number} records {problem}" for problem, number in sorted(counted.items()))
