"""What the doors share during one crawl: the site, its record type, the ledger, and who is on the way."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from scrapy.http import Response
from scrapy.settings import BaseSettings

from tdcrawl import __version__, privacy, text
from tdcrawl.archiving import fetched
from tdcrawl.asking import Asking, open_asking
from tdcrawl.balance.quota import SeatBook
from tdcrawl.datasets.feeds import export_run
from tdcrawl.dedup import near
from tdcrawl.dedup.judge import Text
from tdcrawl.dedup.near import Signature
from tdcrawl.dedup.sameness import Sameness
from tdcrawl.drift import Group
from tdcrawl.errors import StoreError
from tdcrawl.extract.itemising import items_of
from tdcrawl.in_flight import InFlight
from tdcrawl.likeness import Judgement
from tdcrawl.measures import sameness_of
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import Raw, Record, RecordType, TrainingItem, digest
from tdcrawl.setting_values import read_database_url, read_number, read_switch, seats_of
from tdcrawl.sites.profile import Expect, Polite, SiteProfile
from tdcrawl.store.archive import Archive, Place
from tdcrawl.store.beginning import REPLAY, take_up, take_up_replay
from tdcrawl.store.ledger import Begin, Ledger, PageRequest, Run, Terms
from tdcrawl.store.seats import all_seats
from tdcrawl.store.shares import taught
from tdcrawl.urls import canonical_url

# What the meta of a request that is read from the archive holds: the place of its page there, when that was fetched
# (UTC), why it failed if it did, and which page it reads anew with the only reason that counts, if there is one.
ARCHIVED, FETCHED_AT, WAS, REREADS = "archived", "fetched_at", "was", "rereads"


@dataclass(frozen=True)
class Session:
    """Hold one crawl of one site; built by `open_session`."""

    profile: SiteProfile
    record_type: RecordType
    ledger: Ledger
    sameness: Sameness
    person_key: bytes
    quota: Mapping[str, int]
    taught: Group
    """How many records of the site's last good run had each field."""
    asking: Asking
    archive: Archive | None = None
    in_flight: InFlight = field(default_factory=InFlight)
    left_pending: set[str] = field(default_factory=set)
    """Pages of which an item has no outcome and never will in this run: they must not be closed."""

    @property
    def run(self) -> Run:
        """Give the run that this session writes."""
        return self.ledger.run

    def page_request(self, url: str, request: Mapping[str, Any] | None = None, priority: int = 0) -> PageRequest:
        """Name the page at a URL, and how it is asked for; raises ValueError where it is no web address."""
        canonical = self.canonical_url(url)
        return PageRequest(digest(self.run.run_id, canonical), url, canonical, request or {}, priority)

    def canonical_url(self, url: str) -> str:
        """Give a page's one address on this site; raises ValueError where it is no web address."""
        return canonical_url(url, self.profile.canonical.rules)

    def canonical_urls(self, urls: Iterable[str]) -> list[str]:
        """Give the one address of each page at these URLs that are web addresses."""
        addresses: list[str] = []
        for url in urls:
            with suppress(ValueError):
                addresses.append(self.canonical_url(url))
        return addresses

    @cached_property
    def terms(self) -> Terms:
        """Give what the ledger needs to know to write records."""
        return Terms(self.record_type, self.quota, self.sameness, self.asking.sampling)

    @cached_property
    def seats(self) -> SeatBook:
        """Give the seats of each stratum that has a quota."""
        return SeatBook(self.quota, all_seats(self.ledger.engine, self.record_type.name))

    def stratum(self, item: TrainingItem) -> str:
        """Give the bucket of an item that a quota counts."""
        return self.record_type.stratum_of(item.believed(), item.label.name if item.label else None)

    def is_full(self, record: Record) -> bool:
        """Say whether no seat is left for a record, whatever its label."""
        return all(self.seats.is_full(self.record_type.stratum(record, label)) for label in self.record_type.labels)

    def normalised(self, item: TrainingItem) -> str:
        """Give the normalised text that decides an item's sameness; made once, as all that follows from it."""
        if item.normalised is None:
            item.normalised = self.record_type.sameness(item.believed())
        return item.normalised

    def content_hash(self, item: TrainingItem) -> str:
        """Give the SHA-256 of an item's normalised text."""
        if item.content_hash is None:
            item.content_hash = text.content_hash(self.normalised(item))
        return item.content_hash

    def signature(self, item: TrainingItem) -> Signature:
        """Give the MinHash signature of an item's normalised text."""
        if item.signature is None:
            item.signature = near.sign(self.normalised(item))
        signature: Signature = item.signature
        return signature

    def text(self, item: TrainingItem) -> Text:
        """Give what is compared of an item."""
        return self.sameness.text(item.item_id, item.believed(), self.normalised(item))

    def judge(self, item: TrainingItem, similar: set[str]) -> Judgement:
        """Compare an item with the records among those that may be similar."""
        if not similar:
            return Judgement()
        return self.sameness.judge_texts(self.text(item), self.sameness.stored(self.ledger.engine, similar))

    def items(
        self, raws: Sequence[Raw], page_id: str, url: str, fetched_at: datetime | None = None
    ) -> Iterator[TrainingItem]:
        """Wrap what a reader found on a page that was fetched then (UTC), or now."""
        return items_of(raws, self.profile, page_id, url, fetched_at or datetime.now(UTC))

    async def keep_page(self, response: Response) -> Place | None:
        """Keep a page in the archive, if there is one, and give its place; raises StoreError.

        One that comes from there is not kept twice.
        """
        if place := response.meta.get(ARCHIVED):
            return Place(*place)
        return await self.archive.keep(fetched(response)) if self.archive else None

    def leave(self) -> bool:
        """Commit what is left, give back what is held; says whether it is the last of its run. Raises StoreError."""
        if self.archive:
            self.archive.close()
        return self.ledger.leave()


def open_session(
    profile: SiteProfile, spider: str, settings: BaseSettings, starts: Iterable[str], *, again: bool
) -> Session:
    """Open the database and begin a run, or take up the one that began at the same pages and was left unfinished.

    Raises FinishedError where nothing is left of that, SettingError or StoreError.
    """
    first_pages = [canonical_url(url, profile.canonical.rules) for url in starts]
    session = _open(profile, spider, settings, partial(take_up, starts=first_pages, again=again))
    if read_switch(settings, "TDCRAWL_ARCHIVE_PAGES"):
        software = f"tdcrawl/{__version__}"
        archive = Archive(Path(settings["TDCRAWL_DATA_DIR"]), session.run.run_id, software)
        return replace(session, archive=archive)
    return session


def open_replay(profile: SiteProfile, settings: BaseSettings) -> Session:
    """Open the database and begin a replay of a site, or take up the one that was left unfinished.

    What it finds says nothing of the site as it is now, so none of the site's expectations apply. Raises SettingError
    or StoreError.
    """
    whatever = Expect(min_records=0, max_failed_share=1, max_failed_page_share=1)
    offline = profile.model_copy(update={"expect": whatever, "polite": Polite()})
    return _open(offline, REPLAY, settings, take_up_replay)


def _open(profile: SiteProfile, spider: str, settings: BaseSettings, begin: Begin) -> Session:
    record_type = RECORD_TYPES[profile.record_type]
    quota = seats_of(settings, record_type)
    data_dir = Path(settings["TDCRAWL_DATA_DIR"])
    person_key = privacy.load_key(data_dir, settings["TDCRAWL_PERSON_KEY"])
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    run = Run(run_id, spider, profile.name, record_type.name, __version__, now)
    sameness = sameness_of(settings, record_type)
    asking = open_asking(settings, record_type)
    patience = read_number(settings, "TDCRAWL_DATABASE_PATIENCE_SECONDS", 0, 3600)
    ledger = Ledger.open(read_database_url(settings), run, begin, patience)
    sameness.open(ledger.engine)
    for died in ledger.died:
        with suppress(StoreError):  # Its rows are in the tables; its feeds are not worth this run.
            export_run(ledger.engine, died, record_type, data_dir)
    learnt = taught(ledger.engine, run, record_type)
    return Session(profile, record_type, ledger, sameness, person_key, quota, learnt, asking)
