"""What a user asks of a freeze, checked before anything is read."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.split import SPLITS
from tdcrawl.errors import PlanError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.columns import ColumnType, columns_of, features_of
from tdcrawl.store.selection import Wanted

VERSION_NAME = re.compile(r"v[1-9][0-9]{0,5}")
FORMATS = ("parquet", "csv")
DEFAULT_MAX_SHARE = 0.6
DEFAULT_MAX_FAILED_SHARE = 0.25
DEFAULT_SALT = "tdcrawl"
LABEL = "label"


class Authors(StrEnum):
    """Say whether all that one author of a site wrote goes into one split: always, never, or where that can be had."""

    AUTO = "auto"
    TOGETHER = "together"
    SPLIT = "split"


class Objection(StrEnum):
    """Name what a freeze is refused for, unless it is accepted by this name."""

    BROKEN_LEDGER = "broken_ledger"
    OPEN_FAILURES = "open_failures"
    OPT_OUTS = "opt_outs"
    LEAKS = "leaks"


@dataclass(frozen=True)
class FreezePlan:
    """Say which records become which version; raises PlanError where that cannot be.

    `max_share` (0-1) bounds the share that any value of the column `balance_by` has of the training split. `split`
    holds the percentages of training, validation and test. Parquet is always written. The salt decides who goes where:
    keep it from version to version; the seed decides who is drawn. Texts of different splits must be less alike than
    `near_duplicate_threshold` (Jaccard, 0-1).
    """

    version: str
    record_type: str = "review"
    balance: Balance = Balance.UNDERSAMPLE
    balance_by: str = LABEL
    max_share: float = DEFAULT_MAX_SHARE
    split: tuple[int, int, int] = (80, 10, 10)
    authors: Authors = Authors.AUTO
    formats: tuple[str, ...] = ("parquet",)
    salt: str = DEFAULT_SALT
    seed: str = DEFAULT_SALT
    near_duplicate_threshold: float = 0.8
    max_failed_share: float = DEFAULT_MAX_FAILED_SHARE
    accept: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.version)
        if self.record_type not in RECORD_TYPES:
            raise PlanError(f"unknown record type {self.record_type!r}; known: {', '.join(RECORD_TYPES)}")
        for option, value in (("--max-share", self.max_share), ("--max-failed-share", self.max_failed_share)):
            if not 0 < value <= 1:
                raise PlanError(f"{option} {value:g}: a share is above 0 and at most 1, e.g. 0.6")
        self._check_split()
        self._check_column()
        self._check_numbers()
        _check_known("--format", self.formats, FORMATS)
        _check_known("--accept", self.accept, [objection.value for objection in Objection])

    @property
    def parameters(self) -> dict[str, Any]:
        """Give what a manifest tells of the plan beside version and record type, in JSON values."""
        told = asdict(self) | {"split": list(self.split), "formats": sorted({"parquet", *self.formats})}
        return {name: value for name, value in told.items() if name not in {"version", "record_type"}} | {
            "accept": sorted(self.accept)
        }

    @property
    def wanted(self) -> Wanted:
        """Say which records become rows, whatever the balancing leaves of them."""
        return Wanted(self.record_type, self.version)

    def share_of(self, split: str) -> int:
        """Give the percentage of a split."""
        return self.split[SPLITS.index(split)]

    def _check_split(self) -> None:
        percentages = "/".join(map(str, self.split))
        if sum(self.split) != 100 or min(self.split) < 0:
            raise PlanError(f"--split {percentages}: three percentages that add up to 100 are needed, e.g. 80/10/10")
        if self.balance is not Balance.NONE and not self.split[2]:
            raise PlanError(
                f"--split {percentages}: where training rows are balanced, a test split must show labels as frequent "
                "as they were found: give it a share, or leave all as it was found (--balance none)"
            )

    def _check_column(self) -> None:
        columns: Mapping[str, ColumnType] = columns_of(RECORD_TYPES[self.record_type])
        if self.balance_by not in columns.keys() - _DECIDED_LATER:
            known = ", ".join(sorted(columns.keys() - _DECIDED_LATER))
            raise PlanError(f"--balance-by {self.balance_by}: no such column to balance by; there are {known}")

    def _check_numbers(self) -> None:
        if self.balance is not Balance.SMOTE:
            return
        if not features_of(RECORD_TYPES[self.record_type]):
            raise PlanError(
                f"--balance smote makes up rows between numbers, and the label of a {self.record_type} is in its text: "
                "nothing lies between two texts; choose oversample or weights"
            )
        if self.balance_by != LABEL:
            raise PlanError("--balance smote makes up rows of a label: leave --balance-by out")


_DECIDED_LATER = {"split", "sample_weight"}


def check_name(version: str) -> None:
    """Refuse what cannot be the name of a version."""
    if not VERSION_NAME.fullmatch(version):
        raise PlanError(f"{version!r} names no version: v1, v2, … v999999")


def _check_known(option: str, asked: tuple[str, ...], known: Any) -> None:
    if unknown := set(asked) - set(known):
        raise PlanError(f"{option} {', '.join(sorted(unknown))}: known are {', '.join(known)}")
