"""What a user asks of a freeze, checked before anything is read."""

import re
from dataclasses import dataclass
from enum import StrEnum

from tdcrawl.errors import PlanError
from tdcrawl.records import RECORD_TYPES

VERSION_NAME = re.compile(r"v[1-9][0-9]{0,5}")
FORMATS = ("parquet", "csv")
DEFAULT_MAX_SHARE = 0.6
DEFAULT_SALT = "tdcrawl"


class Balance(StrEnum):
    """Name the ways to treat labels that are too frequent in the training split."""

    NONE = "none"
    UNDERSAMPLE = "undersample"


@dataclass(frozen=True)
class FreezePlan:
    """Say which records become which version; raises PlanError where that cannot be.

    `max_share` (0-1) bounds each label's share of the training split. `split` holds the percentages of training,
    validation and test. Parquet is always written. The salt decides who goes where: keep it from version to version.
    """

    version: str
    record_type: str = "review"
    balance: Balance = Balance.UNDERSAMPLE
    max_share: float = DEFAULT_MAX_SHARE
    split: tuple[int, int, int] = (80, 10, 10)
    formats: tuple[str, ...] = ("parquet",)
    salt: str = DEFAULT_SALT

    def __post_init__(self) -> None:
        check_name(self.version)
        if self.record_type not in RECORD_TYPES:
            raise PlanError(f"unknown record type {self.record_type!r}; known: {', '.join(RECORD_TYPES)}")
        if not 0 < self.max_share <= 1:
            raise PlanError(f"--max-share {self.max_share:g}: a share is above 0 and at most 1, e.g. 0.6")
        if sum(self.split) != 100 or min(self.split) < 0:
            percentages = "/".join(map(str, self.split))
            raise PlanError(f"--split {percentages}: three percentages that add up to 100 are needed, e.g. 80/10/10")
        if unknown := set(self.formats) - set(FORMATS):
            raise PlanError(f"--format {', '.join(sorted(unknown))}: known formats are {', '.join(FORMATS)}")


def check_name(version: str) -> None:
    """Refuse what cannot be the name of a version."""
    if not VERSION_NAME.fullmatch(version):
        raise PlanError(f"{version!r} names no version: v1, v2, … v999999")
