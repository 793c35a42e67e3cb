"""What the doors share during one crawl: the site, its record type, the ledger, and who is on the way."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from scrapy.settings import BaseSettings

from tdcrawl import __version__, privacy, text
from tdcrawl.in_flight import InFlight
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import Raw, RecordType, TrainingItem, digest
from tdcrawl.setting_values import read_quota, read_switch
from tdcrawl.sites.profile import SiteProfile
from tdcrawl.store.ledger import Ledger, PageRequest, Run
from tdcrawl.urls import UrlRules, canonical_url


@dataclass(frozen=True)
class Session:
    """Hold one crawl of one site; built by `open_session`."""

    profile: SiteProfile
    record_type: RecordType
    ledger: Ledger
    url_rules: UrlRules
    person_key: bytes
    quota: Mapping[str, int]
    in_flight: InFlight = field(default_factory=InFlight)

    @property
    def run(self) -> Run:
        """Give the run that this session writes."""
        return self.ledger.run

    def page_request(self, url: str) -> PageRequest:
        """Name the page at a URL; raises ValueError where it is no web address."""
        canonical = canonical_url(url, self.url_rules)
        return PageRequest(digest(self.run.run_id, canonical), url, canonical)

    def normalised(self, item: TrainingItem) -> str:
        """Give the normalised text that decides an item's sameness; made once for all stages that ask."""
        if item.normalised is None:
            item.normalised = text.normalise(self.record_type.same_text(item.believed()))
        return item.normalised

    def items(self, raws: Sequence[Raw], page_id: str, url: str) -> Iterator[TrainingItem]:
        """Wrap what a reader found on a page, each with an id that the same record gets at every visit.

        The id comes from the record's own id, else from what it says; identical twins on one page are counted.
        """
        kind, now = self.record_type, datetime.now(UTC)
        twins: dict[tuple[str, ...], int] = {}
        for raw in raws:
            group = raw.get(kind.group_field) or canonical_url(url, self.url_rules)
            native = raw.get(kind.native_id_field)
            said = (text.normalise(raw.get(name, "")) for name in kind.identity_fields)
            identity = ("native", native) if native else ("says", *said)
            ordinal = twins.get((group, *identity), 0)
            if not native:
                twins[group, *identity] = ordinal + 1
            yield TrainingItem(
                item_id=digest(self.profile.name, group, *identity, str(ordinal)),
                record_type=kind.name,
                site=self.profile.name,
                page_id=page_id,
                requested_url=url,
                fetched_at=now,
                group_key=group,
                raw={**raw, kind.group_field: group},
            )


def open_session(profile: SiteProfile, spider: str, settings: BaseSettings) -> Session:
    """Open the database and begin a run; raises SettingError or StoreError."""
    record_type = RECORD_TYPES[profile.record_type]
    quota = read_quota(settings, record_type) if read_switch(settings, "TDCRAWL_ENFORCE_QUOTA_ENABLED") else {}
    data_dir = Path(settings["TDCRAWL_DATA_DIR"])
    person_key = privacy.load_key(data_dir, settings["TDCRAWL_PERSON_KEY"])
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    run = Run(run_id, spider, profile.name, record_type.name, __version__, now)
    canonical = profile.canonical
    return Session(
        profile,
        record_type,
        Ledger.open(settings["TDCRAWL_DATABASE_URL"], run),
        UrlRules(frozenset(canonical.drop_params), frozenset(canonical.keep_params), canonical.same_page),
        person_key,
        quota,
    )
