"""Who is buying a vote: a process, while it is alive, or a batch, until it is collected."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache, partial

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from tdcrawl.store.label_tables import label_asked, label_batches
from tdcrawl.store.life import is_alive
from tdcrawl.store.look_up import among, look_up


class BatchState(StrEnum):
    """Say how far a batch is."""

    SUBMITTING = "submitting"
    OPEN = "open"
    COLLECTED = "collected"
    LOST = "lost"


UNDER_WAY = (BatchState.SUBMITTING, BatchState.OPEN)


@dataclass(frozen=True, slots=True)
class Key:
    """Name a vote: the SHA-256 of the text, the model and wording of the prompt, and which vote it is, from 1."""

    text_hash: str
    version: str
    vote: int


class Held(StrEnum):
    """Say who else buys a vote: a process, soon, or a batch, which takes hours."""

    BY_PROCESS = "by_process"
    BY_BATCH = "by_batch"


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask for votes that nobody else buys, each with the item that it is bought for."""

    holder: str
    wanted: dict[Key, str]


def holder_of(connection: Connection, key: Key, me: str) -> Held | None:
    """Say who else is buying a vote."""
    holder = connection.scalar(select(label_asked.c.holder).where(_is(key)))
    return None if holder in {None, me} else _held_by(connection, holder)


def take(connection: Connection, key: Key, item_id: str, holder: str) -> None:
    """Note who buys a vote, instead of whoever is gone."""
    let_go(connection, [key])
    connection.execute(insert(label_asked), [{**asdict(key), "record_id": item_id, "holder": holder}])


def claim(connection: Connection, claims: list[Claim]) -> list[set[Key]]:
    """Note who buys many votes at once; gives those that nobody else is buying."""
    return [_claim(connection, one) for one in claims]


def hand_over(connection: Connection, holder: str, batch: str) -> None:
    """Let a batch hold what the process holds that submits it."""
    connection.execute(update(label_asked).where(label_asked.c.holder == holder).values(holder=batch))


def let_go(connection: Connection, keys: list[Key]) -> list[None]:
    """Let votes be bought by others."""
    for key in keys:
        connection.execute(delete(label_asked).where(_is(key)))
    return [None] * len(keys)


def let_all_go(connection: Connection, holders: list[str]) -> list[None]:
    """Let be bought by others what some hold."""
    connection.execute(delete(label_asked).where(label_asked.c.holder.in_(holders)))
    return [None] * len(holders)


def _claim(connection: Connection, one: Claim) -> set[Key]:
    asked, hashes = label_asked.c, sorted({key.text_hash for key in one.wanted})
    query = select(asked.text_hash, asked.version, asked.vote, asked.holder).where(among(asked.text_hash))
    held = {Key(*key): holder for *key, holder in look_up(connection, query, hashes)}
    held_by = cache(partial(_held_by, connection))
    free = {key for key in one.wanted if key not in held or not held_by(held[key])}
    let_go(connection, [key for key in free if key in held])
    if free:
        rows = [{**asdict(key), "record_id": one.wanted[key], "holder": one.holder} for key in free]
        connection.execute(insert(label_asked), rows)
    return free


def _held_by(connection: Connection, holder: str) -> Held | None:
    state = connection.scalar(select(label_batches.c.state).where(label_batches.c.submission_id == holder))
    if state in UNDER_WAY:
        return Held.BY_BATCH
    return Held.BY_PROCESS if is_alive(connection, holder) else None


def _is(key: Key) -> ColumnElement[bool]:
    return and_(*(label_asked.c[name] == value for name, value in asdict(key).items()))
