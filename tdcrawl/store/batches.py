"""Batches of votes: noted before they are submitted, so that none is paid for and then forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from tdcrawl.store.asked import UNDER_WAY, BatchState, hand_over, let_all_go
from tdcrawl.store.label_tables import label_batches
from tdcrawl.store.votes import Cast, cast, refund, spend


@dataclass(frozen=True, slots=True)
class Batch:
    """Hold a batch: its `requests` are (item id, which vote, mark), `batch_id` is the service's name for it."""

    submission_id: str
    record_type: str
    version: str
    account: str
    nanodollars: int
    requests: Sequence[tuple[str, int, str]]
    batch_id: str | None = None


def note(connection: Connection, asked: list[tuple[Batch, str, int]]) -> list[bool]:
    """Note batches that are about to be submitted, if a budget allows what they may cost; says so for each.

    A batch holds from then on the votes that the process holds which submits it.
    """
    answers = []
    for batch, holder, budget in asked:
        answers.append(spend(connection, batch.account, batch.nanodollars, budget))
        if answers[-1]:
            row = {name: getattr(batch, name) for name in Batch.__dataclass_fields__}
            row |= {"state": BatchState.SUBMITTING, "at": datetime.now(UTC)}
            connection.execute(insert(label_batches), [row])
            hand_over(connection, holder, batch.submission_id)
    return answers


def name(connection: Connection, named: list[tuple[str, str]]) -> list[None]:
    """Write down under which id a submission is known to the service."""
    for submission_id, batch_id in named:
        _change(connection, submission_id, {"batch_id": batch_id, "state": BatchState.OPEN})
    return [None] * len(named)


def named(batch: Batch, batch_id: str) -> Batch:
    """Give a batch its id."""
    return replace(batch, batch_id=batch_id)


def collect(connection: Connection, collected: list[tuple[Batch, list[Cast]]]) -> list[None]:
    """Write the votes of batches, and give back what they did not cost."""
    for batch, votes in collected:
        if votes:
            cast(connection, votes)
        refund(connection, batch.account, batch.nanodollars - sum(one.most for one in votes))
        _change(connection, batch.submission_id, {"state": BatchState.COLLECTED})
    # The others' requests came to nothing: they may be asked again.
    return let_all_go(connection, [batch.submission_id for batch, _ in collected])


def give_up(connection: Connection, batches: list[Batch]) -> list[None]:
    """Give up submissions that never came to the service."""
    for batch in batches:
        refund(connection, batch.account, batch.nanodollars)
        _change(connection, batch.submission_id, {"state": BatchState.LOST})
    return let_all_go(connection, [batch.submission_id for batch in batches])


def unfinished(connection: Connection, record_type: str) -> list[Batch]:
    """List the batches whose votes were not collected yet, the oldest first."""
    waiting = label_batches.c.state.in_(UNDER_WAY) & (label_batches.c.record_type == record_type)
    found = connection.execute(select(label_batches).where(waiting).order_by(label_batches.c.at)).mappings()
    return [_batch(row) for row in found]


def known_ids(connection: Connection) -> set[str]:
    """Give the ids of all batches that were ever named."""
    return set(connection.scalars(select(label_batches.c.batch_id).where(label_batches.c.batch_id.is_not(None))))


def _batch(row: Any) -> Batch:
    told = {name: row[name] for name in Batch.__dataclass_fields__}
    return Batch(**told | {"requests": [tuple(request) for request in row["requests"]]})


def _change(connection: Connection, submission_id: str, values: dict[str, Any]) -> None:
    here = label_batches.c.submission_id == submission_id
    connection.execute(update(label_batches).where(here).values(values))
