"""What was erased and must not come back: tombstones, and what is compared with them."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from tdcrawl.errors import StoreError
from tdcrawl.outcomes import Bucket, EraseReason, PageReason, PageState, Rejection
from tdcrawl.records.base import RecordType, TrainingItem
from tdcrawl.store.erasure_tables import erased_items, tombstones
from tdcrawl.store.look_up import among, look_up
from tdcrawl.store.rows import Row, settled_row
from tdcrawl.store.tables import outcomes

STAGE = "erase"
"""What stands where the stage of a failed item is named."""
SCRUBBED = "erased:"
"""What the hash of an address that was erased begins with."""
_DETAIL = "erased: nothing of it is kept"
_HASHED = "person:"
_ASKED = "tdcrawl_erased"
_ANY = select(tombstones.c.tombstone_id).limit(1)
_KEYS = select(tombstones.c.kind, tombstones.c.key, tombstones.c.tombstone_id).where(among(tombstones.c.key))
_IDS = select(erased_items.c.item_id, erased_items.c.tombstone_id).where(among(erased_items.c.item_id))
_TEXTS = select(erased_items.c.content_hash, erased_items.c.tombstone_id).where(among(erased_items.c.content_hash))


class Kind(StrEnum):
    """Name what can be erased."""

    RECORD = "record"
    AUTHOR = "author"
    URL = "url"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class Traces:
    """Hold what an item could be known by: hashes of its author and text, its addresses, its site."""

    item_id: str
    site: str
    persons: Collection[str] = ()
    urls: Collection[str] = ()
    content_hash: str | None = None
    keys: frozenset[tuple[Kind, str]] = field(init=False)

    def __post_init__(self) -> None:
        named = {(Kind.RECORD, self.item_id), (Kind.SITE, self.site)}
        named |= {(Kind.AUTHOR, person) for person in self.persons} | {(Kind.URL, url_key(url)) for url in self.urls}
        object.__setattr__(self, "keys", frozenset(named))


def url_key(url: str) -> str:
    """Hash an address, so that it need not stand anywhere: SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def traces_of(item: TrainingItem, record_type: RecordType, evidence: Mapping[str, Any] | None = None) -> Traces:
    """Tell what an item could be known by, from its record, or from the `evidence` that is kept of a failed one."""
    persons = {getattr(item.record, hashed) for hashed in record_type.person_fields.values()} if item.record else set()
    kept = (evidence or {}).get("item", {})
    told = (kept.get(name, "") for name in record_type.person_fields)
    persons |= {value.removeprefix(_HASHED) for value in told if value.startswith(_HASHED)}
    urls = {url for url in (item.requested_url, item.canonical_url) if url}
    return Traces(item.item_id, item.site, persons - {None}, urls, item.content_hash)


def are_any(connection: Connection) -> bool:
    """Say whether anything was ever erased; asked once in a transaction, as each of its writes wants to know."""
    transaction = connection.get_transaction()
    asked_in, answer = connection.info.get(_ASKED, (None, False))
    if transaction is None or asked_in is not transaction:
        asked_in, answer = connection.info[_ASKED] = transaction, connection.scalar(_ANY) is not None
    return bool(answer)


def erased(connection: Connection, items: Sequence[Traces]) -> dict[str, int]:
    """Find which items are not to be kept; gives by id the tombstone that says so."""
    if not items or not are_any(connection):
        return {}
    keys = sorted({key for item in items for _, key in item.keys})
    by_key = {(kind, key): number for kind, key, number in look_up(connection, _KEYS, keys)}
    by_id: dict[str, int] = dict(map(tuple, look_up(connection, _IDS, [item.item_id for item in items])))
    hashes = [item.content_hash for item in items if item.content_hash]
    by_text: dict[str, int] = dict(map(tuple, look_up(connection, _TEXTS, hashes)))
    found: dict[str, int] = {}
    for item in items:
        numbers = [by_key[key] for key in item.keys if key in by_key]
        numbers += [by_id[item.item_id]] if item.item_id in by_id else []
        numbers += [by_text[item.content_hash]] if item.content_hash in by_text else []
        if numbers:
            found[item.item_id] = min(numbers)
    return found


def erased_among(connection: Connection, item_ids: Sequence[str]) -> set[str]:
    """Find which ids are those of items that were erased."""
    return {item_id for item_id, _ in look_up(connection, _IDS, item_ids)}


def erased_ids(connection: Connection, tombstone: int | None = None) -> set[str]:
    """Give the ids of all items that were erased, or of those of one tombstone, and those they had before."""
    query = select(erased_items.c.item_id, outcomes.c.was).select_from(
        erased_items.outerjoin(outcomes, outcomes.c.item_id == erased_items.c.item_id)
    )
    mine = [] if tombstone is None else [erased_items.c.tombstone_id == tombstone]
    return {item_id for row in connection.execute(query.where(*mine)) for item_id in row if item_id}


def erased_urls(connection: Connection, urls: Collection[str]) -> set[str]:
    """Find which addresses are not to be read."""
    if not urls or not are_any(connection):
        return set()
    by_key = {url_key(url): url for url in urls}
    return {by_key[key] for kind, key, _ in look_up(connection, _KEYS, list(by_key)) if kind == Kind.URL}


def refuse_erased_site(connection: Connection, site: str) -> None:
    """Raise StoreError for a site that was erased."""
    here = (tombstones.c.kind == Kind.SITE) & (tombstones.c.key == site)
    at = connection.scalar(select(tombstones.c.at).where(here))
    if at is not None:
        raise StoreError(f"{site} was erased on {at:%Y-%m-%d}: nothing of it is collected again")


def note_erased(connection: Connection, numbers: Mapping[str, int], hashes: Mapping[str, str] | None = None) -> None:
    """Write down which items were erased, by the numbers of their tombstones; one that is written down stays so."""
    known = {item_id for item_id, _ in look_up(connection, _IDS, list(numbers))}
    now = datetime.now(UTC)
    rows = [
        {"item_id": item_id, "tombstone_id": number, "content_hash": (hashes or {}).get(item_id), "at": now}
        for item_id, number in numbers.items()
        if item_id not in known
    ]
    if rows:
        connection.execute(insert(erased_items), rows)


def scrubbed(url: str, now: datetime) -> Row:
    """Build the change of a page that is not to be read: of its address a hash is left."""
    name = f"{SCRUBBED}{url_key(url)}"
    return {
        "url": name, "canonical_url": name, "host": "", "request": {}, "state": PageState.SKIPPED,
        "reason": PageReason.ERASED, "detail": None, "leased_by": None, "finished_at": now,
    }  # fmt: skip


def rejection() -> Rejection:
    """Build the rejection of an item that was erased."""
    return Rejection(Bucket.FAILED, EraseReason.ERASED, _DETAIL)


def settled_as_erased(item_id: str) -> Row:
    """Build the change of the outcome of an item that was erased."""
    return settled_row(item_id, Bucket.FAILED, STAGE, rejection())


def empty_failure(item_id: str, run_id: str, record_type: str, site: str) -> Row:
    """Build the failed record of an item that was erased: that there was one, and nothing of it."""
    return {
        "item_id": item_id, "run_id": run_id, "record_type": record_type, "site": site, "stage": STAGE,
        "reason": EraseReason.ERASED, "errors": [], "message": _DETAIL, "requested_url": "", "canonical_url": None,
        "item": {}, "at": datetime.now(UTC),
    }  # fmt: skip


IS_ERASED = outcomes.c.reason.is_not_distinct_from(EraseReason.ERASED)
"""Which outcomes are final whatever a later run reads."""
