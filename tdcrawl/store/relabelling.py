"""Records that votes have labelled under another version than the one that is asked for now."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, Select, exists, func, select

from tdcrawl.records.naming import MODEL
from tdcrawl.store.label_tables import labels, review_tasks
from tdcrawl.store.look_up import in_turn
from tdcrawl.store.rows import DECISION, VOTE, Row
from tdcrawl.store.tables import records
from tdcrawl.store.votes import GOLD, Vote
from tdcrawl.store.waiting import OPEN, PRIORITIES

_mine = (labels.c.record_id == records.c.record_id) & (labels.c.kind == DECISION)
_VERSION = select(labels.c.version).where(_mine).order_by(labels.c.label_id.desc()).limit(1).scalar_subquery()
_ASKED = exists().where(
    review_tasks.c.item_id == records.c.record_id, review_tasks.c.state == OPEN, review_tasks.c.kind.in_(PRIORITIES)
)
VotesOnTexts = dict[str, dict[str, list[Vote]]]
"""By the hash of a text, and by version."""


def labelled_before(engine: Engine, record_type: str, version: str) -> Iterator[Row]:
    """Stream the records that votes have labelled under another version, by `item_id`; `version` is in the row too.

    Ids are hashes, so the first ones are an even sample. What people are asked about already is left to them.
    """
    return in_turn(engine, _before(record_type, version, *_WHOLE), records.c.record_id)


def count_before(engine: Engine, record_type: str, version: str) -> dict[tuple[str, str], int]:
    """Count them by version and label."""
    named = _before(record_type, version, records.c.label, _VERSION.label("version")).subquery()
    query = select(named.c.version, named.c.label, func.count()).group_by(named.c.version, named.c.label)
    with engine.connect() as connection:
        return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def votes_on_texts(connection: Connection, version: str, *, gold: bool = False) -> VotesOnTexts:
    """Read the votes that name a label, on all texts that have some under this version: of records, or of gold sets."""
    is_gold = labels.c.record_id.startswith(GOLD)
    ours = is_gold if gold else ~is_gold
    named = (labels.c.kind == VOTE) & (labels.c.source == MODEL) & labels.c.label.is_not(None) & ours
    texts = select(labels.c.text_hash).where(named, labels.c.version == version)
    told = labels.c.text_hash, labels.c.version, labels.c.vote, labels.c.label, labels.c.confidence
    found: dict[str, dict[str, dict[int, Vote]]] = defaultdict(lambda: defaultdict(dict))
    query = select(*told).where(named, labels.c.text_hash.in_(texts)).order_by(labels.c.label_id)
    for text_hash, of_version, vote, label, confidence in connection.execute(query):
        found[text_hash][of_version].setdefault(vote, Vote(label, confidence))
    return {
        text_hash: {of_version: [votes[vote] for vote in sorted(votes)] for of_version, votes in versions.items()}
        for text_hash, versions in found.items()
    }


_WHOLE = (*records.c, records.c.record_id.label("item_id"), _VERSION.label("version"))


def _before(record_type: str, version: str, *what: Any) -> Select[Any]:
    by_votes = (records.c.record_type == record_type) & (records.c.label_source == MODEL)
    return select(*what).where(by_votes, _VERSION.is_distinct_from(version), ~_ASKED)
