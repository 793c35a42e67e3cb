"""Votes and what they cost: each is written as it arrives, and none is bought twice."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from tdcrawl.records.naming import MODEL
from tdcrawl.store.asked import Held, Key, holder_of, let_go, take
from tdcrawl.store.label_tables import label_accounts, labels
from tdcrawl.store.rows import VOTE
from tdcrawl.store.tombstones import erased_among

GOLD = "gold"
"""What the ids begin with under which votes on texts of a gold set stand: they are no records."""


@dataclass(frozen=True, slots=True)
class Vote:
    """Hold what one call gave: a label with a confidence (0-1) and a reason, or the error; and what it took."""

    label: str | None
    confidence: float | None = None
    reason: str | None = None
    error: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    nanodollars: int = 0
    milliseconds: int = 0
    answer: str | None = None
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """Name who buys votes: the account that pays, and the process, by the sign of life that it shows."""

    account: str
    holder: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Ask for a vote on a record that may cost so much at most; `budget` bounds what the account spends in all."""

    key: Key
    record_id: str
    buyer: Buyer
    most: int
    budget: int


class Answer(Enum):
    """Say what becomes of a vote that is not there: asked for, by others already, by a batch; or money lacks."""

    ASK = auto()
    WAIT = auto()
    IN_BATCH = auto()
    TOO_LITTLE = auto()


_HELD = {Held.BY_PROCESS: Answer.WAIT, Held.BY_BATCH: Answer.IN_BATCH}


@dataclass(frozen=True, slots=True)
class Cast:
    """Tell of a vote that was bought, for which `most` had been promised."""

    key: Key
    record_id: str
    account: str
    most: int
    vote: Vote


@dataclass(frozen=True, slots=True)
class Taken:
    """Tell how many `records` have votes (once for each version), how many, and how long the answers were in all."""

    records: int
    votes: int
    output_tokens: int


def taken(engine: Engine) -> Taken:
    """Sum up what votes took so far."""
    asked = func.count((labels.c.record_id + labels.c.version).distinct())
    what = (asked, func.count(), func.coalesce(func.sum(labels.c.output_tokens), 0))
    from_model = (labels.c.kind == VOTE) & (labels.c.source == MODEL)
    with engine.connect() as connection:
        return Taken(*connection.execute(select(*what).where(from_model)).one())


def promise(connection: Connection, wanted: list[Wanted]) -> list[Vote | Answer]:
    """Give the votes that are there already; promise others, and the money for them, to whoever asks first."""
    return [find(connection, asked.key) or _promise(connection, asked) for asked in wanted]


def cast(connection: Connection, bought: list[Cast]) -> list[None]:
    """Write votes, and correct what was promised to what they cost."""
    now, gone = datetime.now(UTC), erased_among(connection, [one.record_id for one in bought])
    rows = [_row(one, now) for one in bought if one.record_id not in gone]
    if rows:
        connection.execute(insert(labels), rows)
    for one in bought:
        refund(connection, one.account, one.most - one.vote.nanodollars)
    let_go(connection, [one.key for one in bought])
    return [None] * len(bought)


def give_back(connection: Connection, promised: list[Wanted]) -> list[None]:
    """Give back what was promised for calls that bought nothing; others may ask now."""
    for one in promised:
        refund(connection, one.buyer.account, one.most)
    let_go(connection, [one.key for one in promised])
    return [None] * len(promised)


def find(connection: Connection, key: Key) -> Vote | None:
    """Read a vote that was cast."""
    same = (labels.c.text_hash == key.text_hash) & (labels.c.version == key.version) & (labels.c.vote == key.vote)
    cast_one = (labels.c.kind == VOTE) & same & labels.c.label.is_not(None)
    row = connection.execute(select(labels).where(cast_one).limit(1)).mappings().first()
    return _vote(row) if row else None


def of_text(connection: Connection, text_hash: str, version: str) -> list[Vote]:
    """Read the votes on a text, in their order; of several on one question the one that gave a label."""
    same = (labels.c.text_hash == text_hash) & (labels.c.version == version) & (labels.c.kind == VOTE)
    found: dict[int, Vote] = {}
    for row in connection.execute(select(labels).where(same).order_by(labels.c.label_id)).mappings():
        if row["vote"] not in found or found[row["vote"]].label is None:
            found[row["vote"]] = _vote(row)
    return [found[vote] for vote in sorted(found)]


def spend(connection: Connection, account: str, most: int, budget: int) -> bool:
    """Take an amount from an account; says whether its budget allowed that."""
    here = label_accounts.c.account == account
    spent = connection.scalar(select(label_accounts.c.nanodollars).where(here))
    if (spent or 0) + most > budget:
        return False
    if spent is None:
        connection.execute(insert(label_accounts), [{"account": account, "nanodollars": most}])
    else:
        connection.execute(update(label_accounts).where(here).values(nanodollars=spent + most))
    return True


def refund(connection: Connection, account: str, amount: int) -> None:
    """Give back what was promised and not spent."""
    here = label_accounts.c.account == account
    connection.execute(update(label_accounts).where(here).values(nanodollars=label_accounts.c.nanodollars - amount))


def _promise(connection: Connection, asked: Wanted) -> Answer:
    if held := holder_of(connection, asked.key, asked.buyer.holder):
        return _HELD[held]
    if not spend(connection, asked.buyer.account, asked.most, asked.budget):
        return Answer.TOO_LITTLE
    take(connection, asked.key, asked.record_id, asked.buyer.holder)
    return Answer.ASK


def _vote(row: Any) -> Vote:
    return Vote(**{name: row[name] for name in Vote.__dataclass_fields__})


def _row(one: Cast, now: datetime) -> dict[str, Any]:
    return {
        "record_id": one.record_id,
        "kind": VOTE,
        "source": MODEL,
        "account": one.account,
        "at": now,
        **asdict(one.key),
        **asdict(one.vote),
    }
