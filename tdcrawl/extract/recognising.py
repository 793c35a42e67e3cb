"""Is something of a page to be left alone? What its items could be known by, before anything of them is kept."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from tdcrawl import privacy, text
from tdcrawl.extract.validation import read_record
from tdcrawl.extract.values import ValueRules
from tdcrawl.outcomes import Rejection
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import RecordType, TrainingItem
from tdcrawl.records.redacting import redacted
from tdcrawl.sites.profile import SiteProfile
from tdcrawl.store.tombstones import Traces
from tdcrawl.urls import canonical_url


def traces_on(items: Iterable[TrainingItem], profile: SiteProfile, person_key: bytes) -> list[Traces]:
    """Tell what the items of a page could be known by."""
    return [_traces(item, RECORD_TYPES[profile.record_type], profile, person_key) for item in items]


def _traces(item: TrainingItem, kind: RecordType, profile: SiteProfile, key: bytes) -> Traces:
    persons = {privacy.person_hash(key, item.raw[name]) for name in kind.person_fields if item.raw.get(name)}
    content_hash = None
    # What cannot be believed is no text that anybody compares with.
    with suppress(Rejection):
        values = profile.read.values
        record = read_record(kind, item.raw, ValueRules.of(values, item.fetched_at, asks=True))
        hidden, _ = redacted(record, kind, key, privacy.region_of(values.locale))
        content_hash = text.content_hash(kind.sameness(hidden))
    return Traces(item.item_id, item.site, persons, set(_addresses(item, profile)), content_hash)


def _addresses(item: TrainingItem, profile: SiteProfile) -> Iterator[str]:
    yield item.requested_url
    with suppress(ValueError):
        yield canonical_url(item.requested_url, profile.canonical.rules)
