"""Finding what is to be erased: the items themselves, whatever holds their texts word for word, and their pages."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import Kind as FieldKind
from tdcrawl.store.archive import Place
from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.look_up import among, look_up
from tdcrawl.store.needles import Needles
from tdcrawl.store.shown import KEPT
from tdcrawl.store.tables import failed_records, outcomes, pages
from tdcrawl.store.tombstones import IS_ERASED, SCRUBBED, Kind

_STREAMED = {"yield_per": 1_000}
_OUTCOMES = select(
    outcomes.c.item_id, outcomes.c.run_id, outcomes.c.record_type, outcomes.c.site, outcomes.c.page_id
).where(among(outcomes.c.item_id), ~IS_ERASED)
_PAGES = select(
    pages.c.page_id, pages.c.site, pages.c.url, pages.c.canonical_url, pages.c.archive_file, pages.c.archive_offset
)


@dataclass(frozen=True)
class Target:
    """Say what is to be erased: `keys` are those of its tombstones, `names` what an author is called, if that is known.

    `urls` are its addresses, as they may stand anywhere.
    """

    kind: Kind
    keys: frozenset[str]
    names: tuple[str, ...] = ()
    urls: frozenset[str] = frozenset()


@dataclass
class Found:
    """Hold what there is of a target: items by id (run, record type, site, page), their texts, and their pages."""

    items: dict[str, tuple[str, str, str, str]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    places: set[Place] = field(default_factory=set)
    page_ids: set[str] = field(default_factory=set)
    """The pages that they stood on, of whatever run."""
    own_pages: dict[str, str] = field(default_factory=dict)
    """The pages that are to be erased themselves: their canonical addresses by id."""
    urls: set[str] = field(default_factory=set)
    """All addresses of those."""

    @property
    def record_types(self) -> set[str]:
        """Name the types of the items."""
        return {record_type for _, record_type, _, _ in self.items.values()}


def find(connection: Connection, target: Target) -> Found:
    """Find all that there is of a target."""
    found, new = Found(urls=set(target.urls)), set(_ids(connection, target))
    while new:
        items = {row.item_id: tuple(row)[1:] for row in look_up(connection, _OUTCOMES, sorted(new))}
        found.items |= items
        texts, hashes = _texts(connection, sorted(items))
        found.texts += texts
        found.hashes |= hashes
        new = set(_copies(connection, hashes, Needles(texts))) - found.items.keys()
    _find_pages(connection, target, found)
    return found


def needles_of(target: Target, found: Found) -> Needles:
    """Give what must be nowhere once a target is erased."""
    authors = target.keys if target.kind is Kind.AUTHOR else ()
    urls = found.urls if target.kind in {Kind.URL, Kind.SITE} else ()
    return Needles(found.texts, [*authors, *target.names], urls)


def _ids(connection: Connection, target: Target) -> Iterator[str]:
    match target.kind:
        case Kind.RECORD:
            here = or_(outcomes.c.item_id.in_(target.keys), outcomes.c.was.in_(target.keys))
            yield from connection.scalars(select(outcomes.c.item_id).where(here))
        case Kind.AUTHOR:
            yield from _of_author(connection, target.keys)
        case Kind.SITE:
            yield from connection.scalars(select(outcomes.c.item_id).where(outcomes.c.site.in_(target.keys)))
        case Kind.URL:
            yield from _of_address(connection, target.urls)


def _of_author(connection: Connection, hashes: Collection[str]) -> Iterator[str]:
    fields = {pair for kind in RECORD_TYPES.values() for pair in kind.person_fields.items()}
    for scraped, hashed in sorted(fields):
        for table, key in KEPT.items():
            yield from connection.scalars(select(key).where(table.c.data[hashed].as_string().in_(hashes)))
        frozen = dataset_rows.c.data[hashed].as_string().in_(hashes)
        yield from connection.scalars(select(dataset_rows.c.record_id).where(frozen))
        named = failed_records.c.item[scraped].as_string().in_([f"person:{one}" for one in hashes])
        yield from connection.scalars(select(failed_records.c.item_id).where(named))


def _of_address(connection: Connection, urls: Collection[str]) -> Iterator[str]:
    at = select(pages.c.page_id).where(or_(pages.c.url.in_(urls), pages.c.canonical_url.in_(urls)))
    yield from connection.scalars(select(outcomes.c.item_id).where(outcomes.c.page_id.in_(at)))
    for table, key in (*KEPT.items(), (failed_records, failed_records.c.item_id)):
        here = or_(table.c.requested_url.in_(urls), table.c.canonical_url.in_(urls))
        yield from connection.scalars(select(key).where(here))


def _texts(connection: Connection, ids: list[str]) -> tuple[list[str], dict[str, str]]:
    """Read the texts of items, and by id the hashes of those that were records."""
    texts, hashes = list[str](), dict[str, str]()
    for table, key in KEPT.items():
        query = select(key.label("item_id"), table.c.record_type, table.c.data, table.c.content_hash)
        for row in look_up(connection, query.where(among(key)), ids):
            kind = RECORD_TYPES[row.record_type]
            texts.append(kind.same_text(kind.stored(row.data)))
            hashes[row.item_id] = row.content_hash
    query = select(failed_records.c.record_type, failed_records.c.item).where(among(failed_records.c.item_id))
    for row in look_up(connection, query, ids):
        said = RECORD_TYPES[row.record_type].by_kind[FieldKind.TEXT]
        texts += [value for name, value in row.item.items() if name in said]
    return texts, hashes


def _copies(connection: Connection, hashes: Mapping[str, str], needles: Needles) -> Iterator[str]:
    """Find what says the same, or holds one of the texts word for word."""
    for table, key in KEPT.items():
        same = select(key).where(among(table.c.content_hash))
        yield from (row[0] for row in look_up(connection, same, sorted(set(hashes.values()))))
    if not needles:
        return
    for query in _all_texts():
        for item_id, said in connection.execute(query, execution_options=_STREAMED):
            if needles.in_values(said):
                yield item_id


def _all_texts() -> Iterator[Select[Any]]:
    yield from (select(key, table.c.data) for table, key in KEPT.items())
    yield select(failed_records.c.item_id, failed_records.c.item)


def _find_pages(connection: Connection, target: Target, found: Found) -> None:
    """Find the pages of what was found; those of the same address too, as they were read by other runs."""
    stood_on = sorted({page_id for _, _, _, page_id in found.items.values()})
    theirs = look_up(connection, _PAGES.where(among(pages.c.page_id)), stood_on)
    named = {(row.site, row.canonical_url) for row in theirs}
    urls = sorted({url for _, url in named})
    alike = look_up(connection, _PAGES.where(among(pages.c.canonical_url)), urls)
    own = _erased_themselves(connection, target)
    found.own_pages = {row.page_id: row.canonical_url for row in own if not row.url.startswith(SCRUBBED)}
    found.urls |= {url for row in own if row.page_id in found.own_pages for url in (row.url, row.canonical_url)}
    rows = [*own, *(row for row in alike if (row.site, row.canonical_url) in named)]
    found.page_ids |= {row.page_id for row in rows}
    found.places |= {Place(row.archive_file, row.archive_offset) for row in rows if row.archive_file}


def _erased_themselves(connection: Connection, target: Target) -> Sequence[Any]:
    if target.kind is Kind.SITE:
        return connection.execute(_PAGES.where(pages.c.site.in_(target.keys))).all()
    if target.kind is Kind.URL:
        here = or_(pages.c.url.in_(target.urls), pages.c.canonical_url.in_(target.urls))
        return connection.execute(_PAGES.where(here)).all()
    return []


def addresses_like(connection: Connection, urls: Collection[str]) -> set[str]:
    """Give all addresses of the pages that have one of these; the hashes of what was erased are none."""
    here = or_(pages.c.url.in_(urls), pages.c.canonical_url.in_(urls))
    found = connection.execute(select(pages.c.url, pages.c.canonical_url).where(here))
    return {url for row in found for url in row}
