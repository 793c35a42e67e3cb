"""What records are measured by, as the settings say: how many seats a stratum has, and when two texts are the same."""

from scrapy.settings import BaseSettings

from tdcrawl.asking import read_sampling
from tdcrawl.dedup.sameness import Sameness
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.records.base import RecordType
from tdcrawl.setting_values import read_threshold, seats_of
from tdcrawl.store.engine import Engine
from tdcrawl.store.terms import Terms


def sameness_of(settings: BaseSettings, record_type: RecordType) -> Sameness:
    """Build what judges which records of a type are the same; raises SettingError. It has to be opened."""
    return Sameness(record_type, read_threshold(settings), label_by_rule)


def open_terms(engine: Engine, settings: BaseSettings, record_type: RecordType) -> Terms:
    """Open what records of a type are measured by; raises SettingError, or StoreError for a foreign index."""
    sameness = sameness_of(settings, record_type)
    sameness.open(engine)
    return Terms(record_type, seats_of(settings, record_type), sameness, read_sampling(settings))
