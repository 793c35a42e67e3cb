"""Surplus that there is room for now becomes a record, a duplicate, or what waits for its label."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, or_, select

from tdcrawl import faults
from tdcrawl.outcomes import Bucket
from tdcrawl.store.deciding import promote
from tdcrawl.store.engine import writing
from tdcrawl.store.rows import Run
from tdcrawl.store.seats import Seats
from tdcrawl.store.tables import outcomes, over_quota
from tdcrawl.store.terms import Terms

_ROWS_AT_ONCE = 50
_Since = tuple[datetime, str]


def promote_all(engine: Engine, terms: Terms, run: Run) -> Counter[Bucket]:
    """Promote the surplus of a record type in the order in which it came; returns where it is then.

    Some at a time are committed: whatever ends it, the next call goes on.
    """
    ends: Counter[Bucket] = Counter()
    begun, since = datetime.now(UTC), (datetime.min.replace(tzinfo=UTC), "")
    while True:
        with writing(engine) as connection:
            rows = _some(connection, terms.record_type.name, since, begun)
            if not rows:
                return ends
            since = (rows[-1].at, rows[-1].item_id)
            ends.update([_promote(connection, row, terms, run) for row in rows])
        faults.point("promote_after_commit")


def _some(connection: Connection, record_type: str, since: _Since, until: datetime) -> Sequence[Any]:
    at, item_id = since
    here = outcomes.c.at, over_quota.c.item_id
    later = or_(outcomes.c.at > at, and_(outcomes.c.at == at, over_quota.c.item_id > item_id))
    query = select(*here, over_quota.c.label, over_quota.c.stratum).join(
        outcomes, outcomes.c.item_id == over_quota.c.item_id
    )
    # What is surplus again for what becomes a record now has had its turn.
    mine = over_quota.c.record_type == record_type, later, outcomes.c.at < until
    return connection.execute(query.where(*mine).order_by(*here).limit(_ROWS_AT_ONCE)).all()


def _promote(connection: Connection, row: Any, terms: Terms, run: Run) -> Bucket:
    seats = Seats(connection, terms.record_type.name, terms.quota)
    strata = terms.record_type.labels if row.label is None else (row.stratum,)
    if all(map(seats.are_full, strata)):
        return Bucket.OVER_QUOTA
    return promote(connection, row.item_id, terms, run)
