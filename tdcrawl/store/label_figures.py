"""What labels took and who gave them, as figures."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, func, select

from tdcrawl.outcomes import Bucket
from tdcrawl.store.label_tables import labels, unlabelled
from tdcrawl.store.rows import VOTE
from tdcrawl.store.tables import outcomes, records
from tdcrawl.store.votes import FROM_MODEL

_NANODOLLARS = 1_000_000_000


def label_figures(connection: Connection, record_types: Collection[str]) -> dict[str, Any]:
    """Sum up `calls`, `usd`, `tokens`; count records `by_source`, and what waits `for_model` and `for_people`."""
    votes = select(
        func.count(),
        func.coalesce(func.sum(labels.c.nanodollars), 0),
        func.coalesce(func.sum(labels.c.input_tokens + labels.c.output_tokens), 0),
    ).where(labels.c.kind == VOTE, labels.c.source == FROM_MODEL)
    calls, nanodollars, tokens = connection.execute(votes).one()
    by_source = (
        select(records.c.label_source, func.count())
        .where(records.c.record_type.in_(record_types))
        .group_by(records.c.label_source)
        .order_by(records.c.label_source)
    )
    waiting = (
        select(outcomes.c.bucket, func.count())
        .join(unlabelled, unlabelled.c.item_id == outcomes.c.item_id)
        .where(unlabelled.c.record_type.in_(record_types))
        .group_by(outcomes.c.bucket)
    )
    waits: dict[str, int] = dict(connection.execute(waiting).all())
    return {
        "calls": calls,
        "usd": round(int(nanodollars) / _NANODOLLARS, 6),
        "tokens": int(tokens),
        "by_source": dict(connection.execute(by_source).all()),
        "for_model": waits.get(Bucket.PENDING, 0),
        "for_people": waits.get(Bucket.NEEDS_REVIEW, 0),
    }
