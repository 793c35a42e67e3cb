"""What records are measured by, as the settings say: how many seats a stratum has, and when two texts are the same."""

from scrapy.settings import BaseSettings

from tdcrawl.asking import read_audit_share
from tdcrawl.dedup.sameness import Sameness
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.records.base import RecordType
from tdcrawl.setting_values import read_quota, read_switch, read_threshold
from tdcrawl.store.engine import Engine
from tdcrawl.store.terms import Terms


def seats_of(settings: BaseSettings, record_type: RecordType) -> dict[str, int]:
    """Read how many seats each stratum of a type has, those without a bound left out; raises SettingError."""
    return read_quota(settings, record_type) if read_switch(settings, "TDCRAWL_ENFORCE_QUOTA_ENABLED") else {}


def sameness_of(settings: BaseSettings, record_type: RecordType) -> Sameness:
    """Build what judges which records of a type are the same; raises SettingError. It has to be opened."""
    return Sameness(record_type, read_threshold(settings), label_by_rule)


def open_terms(engine: Engine, settings: BaseSettings, record_type: RecordType) -> Terms:
    """Open what records of a type are measured by; raises SettingError, or StoreError for a foreign index."""
    sameness = sameness_of(settings, record_type)
    sameness.open(engine)
    return Terms(record_type, seats_of(settings, record_type), sameness, read_audit_share(settings))
