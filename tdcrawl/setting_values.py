"""Settings as values: whatever they were given as, they are read here or refused by name."""

from collections.abc import Sequence
from pathlib import Path

from scrapy.settings import BaseSettings

from tdcrawl.errors import SettingError
from tdcrawl.network import Network
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import RecordType


def read_switch(settings: BaseSettings, name: str) -> bool:
    """Read a setting that is on or off; raises SettingError."""
    try:
        return settings.getbool(name)
    except ValueError as error:
        raise SettingError(f"{name}: give true or false, not {settings[name]!r}") from error


def read_number(settings: BaseSettings, name: str, least: float, most: float) -> float:
    """Read a number between two bounds, both allowed; raises SettingError."""
    try:
        number = settings.getfloat(name)
    except ValueError as error:
        raise SettingError(f"{name}: give a number, not {settings[name]!r}") from error
    if not least <= number <= most:
        raise SettingError(f"{name}: give a number from {least:g} to {most:g}, not {number:g}")
    return number


def read_choice(settings: BaseSettings, name: str, choices: Sequence[str]) -> str:
    """Read a setting that is one of few words; raises SettingError."""
    if settings[name] not in choices:
        raise SettingError(f"{name}: give {' or '.join(choices)}, not {settings[name]!r}")
    return str(settings[name])


def read_database_url(settings: BaseSettings) -> str:
    """Read where the ledger is: unless it is said, in a SQLite file in the data folder."""
    return settings["TDCRAWL_DATABASE_URL"] or f"sqlite:///{Path(settings['TDCRAWL_DATA_DIR']) / 'tdcrawl.db'}"


def read_network(settings: BaseSettings) -> Network:
    """Read where on the network a crawl may go; raises SettingError."""
    try:
        ports = frozenset(map(int, settings.getlist("TDCRAWL_ALLOWED_PORTS")))
    except ValueError as error:
        raise SettingError(f"TDCRAWL_ALLOWED_PORTS: give ports, not {settings['TDCRAWL_ALLOWED_PORTS']!r}") from error
    return Network(ports, read_switch(settings, "TDCRAWL_ALLOW_LOOPBACK"))


def read_quota(settings: BaseSettings, record_type: RecordType) -> dict[str, int]:
    """Read TDCRAWL_QUOTA, the seats of a type by stratum; raises SettingError where it names no stratum or no number.

    The strata of other types may stand beside them: one setting serves all crawls into a database.
    """
    strata = {label for known in RECORD_TYPES.values() for label in known.labels}
    try:
        quota = settings.getdict("TDCRAWL_QUOTA")
    except ValueError as error:
        raise SettingError(f"TDCRAWL_QUOTA is no JSON object: {error}") from error
    for stratum, seats in quota.items():
        if stratum not in strata:
            known = ", ".join(record_type.labels)
            raise SettingError(f"TDCRAWL_QUOTA: a {record_type.name} has no stratum {stratum!r}; known: {known}")
        if not isinstance(seats, int) or isinstance(seats, bool) or seats < 0:
            raise SettingError(f"TDCRAWL_QUOTA: {stratum} needs a number of seats, not {seats!r}")
    return {stratum: seats for stratum, seats in quota.items() if stratum in record_type.labels}


def read_similarity(settings: BaseSettings) -> float:
    """Read from which Jaccard similarity (0-1) two texts are alike; raises SettingError."""
    return read_number(settings, "TDCRAWL_NEAR_DUPLICATE_THRESHOLD", 0.5, 1)


def read_threshold(settings: BaseSettings) -> float | None:
    """Read from which Jaccard similarity (0-1) two texts are near-copies; None where only whole texts are compared."""
    threshold = read_similarity(settings)
    return threshold if read_switch(settings, "TDCRAWL_DROP_NEAR_DUPLICATES_ENABLED") else None


def seats_of(settings: BaseSettings, record_type: RecordType) -> dict[str, int]:
    """Read how many seats each stratum of a type has, those without a bound left out; raises SettingError."""
    return read_quota(settings, record_type) if read_switch(settings, "TDCRAWL_ENFORCE_QUOTA_ENABLED") else {}
