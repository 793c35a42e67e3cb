"""What labels took and who gave them, as figures."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, func, select

from tdcrawl.outcomes import Bucket
from tdcrawl.records.naming import MODEL, PERSON
from tdcrawl.store.label_tables import labels, review_tasks, unlabelled
from tdcrawl.store.rows import DECISION, VOTE
from tdcrawl.store.tables import outcomes, records
from tdcrawl.store.waiting import AUDIT, DECIDED

_NANODOLLARS = 1_000_000_000
_ACCOUNTS_SHOWN = 20


def label_figures(connection: Connection, record_types: Collection[str]) -> dict[str, Any]:
    """Sum up `calls`, `usd`, `tokens`; count records `by_source`, and what waits `for_model` and `for_people`."""
    votes = select(
        func.count(),
        func.coalesce(func.sum(labels.c.nanodollars), 0),
        func.coalesce(func.sum(labels.c.input_tokens + labels.c.output_tokens), 0),
    ).where(labels.c.kind == VOTE, labels.c.source == MODEL)
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
        "usd": _usd(nanodollars),
        "tokens": int(tokens),
        "by_source": dict(connection.execute(by_source).all()),
        "for_model": waits.get(Bucket.PENDING, 0),
        "for_people": waits.get(Bucket.NEEDS_REVIEW, 0),
    }


def spending(connection: Connection) -> list[dict[str, Any]]:
    """List what was paid for votes, by the run or command that paid, the last ones in the order of their first call."""
    of_votes, began = (labels.c.kind == VOTE) & (labels.c.source == MODEL), func.min(labels.c.at)
    sums = func.count(), func.sum(labels.c.nanodollars)
    query = select(labels.c.account, began, *sums).where(of_votes).group_by(labels.c.account).order_by(began.desc())
    rows = connection.execute(query.limit(_ACCOUNTS_SHOWN)).all()
    return [
        {"account": account, "began": at.isoformat(timespec="seconds"), "calls": calls, "usd": _usd(nanodollars)}
        for account, at, calls, nanodollars in reversed(rows)
    ]


def audited(connection: Connection, record_type: str) -> list[dict[str, Any]]:
    """Count by `version` and `label` the labels by votes that people `audited`, and those they `confirmed`.

    What a model called a record last is compared with what people decided on its audit.
    """
    of_type = (review_tasks.c.kind == AUDIT) & (review_tasks.c.state == DECIDED)
    tasks = select(review_tasks.c.item_id).where(of_type, review_tasks.c.record_type == record_type)
    rows = connection.execute(
        select(labels.c.record_id, labels.c.source, labels.c.label, labels.c.version)
        .where(labels.c.kind == DECISION, labels.c.record_id.in_(tasks))
        .order_by(labels.c.label_id)
    )
    last: dict[str, dict[str, Any]] = {}
    for row in rows:
        last.setdefault(row.record_id, {})[row.source] = row
    counted: dict[tuple[str, str], list[int]] = {}
    for said in last.values():
        if MODEL in said and PERSON in said and said[PERSON].label:
            count = counted.setdefault((said[MODEL].version, said[MODEL].label), [0, 0])
            count[0] += 1
            count[1] += said[MODEL].label == said[PERSON].label
    return [
        {"version": version, "label": label, "audited": number, "confirmed": right}
        for (version, label), (number, right) in sorted(counted.items())
    ]


def _usd(nanodollars: Any) -> float:
    # PostgreSQL sums up as Decimal.
    return round(int(nanodollars) / _NANODOLLARS, 6)
