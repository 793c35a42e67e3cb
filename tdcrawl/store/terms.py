"""What records are measured by: their type, the seats by stratum, and what counts as the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from tdcrawl.likeness import Judgement
from tdcrawl.records.base import RecordType
from tdcrawl.records.naming import Label
from tdcrawl.store.rows import Row


class Sameness(Protocol):
    """Answer what is the same, from the rows of records (dedup/sameness.py does)."""

    writer: str

    def catch_up(self, connection: Connection) -> None:
        """Learn of the records that others have written since."""

    def sign(self, row: Row) -> Any:
        """Make the signature of a row's text."""

    def similar(self, record_id: str, signature: Any) -> set[str]:
        """Find the ids of the other records that may resemble a text."""

    def judge(self, row: Row, others: Iterable[Row]) -> Judgement:
        """Compare a row's record with others."""

    def enter(self, record_id: str, signature: Any) -> bytes:
        """Make a record one that others can resemble; returns what is stored of it for that."""

    def rank(self, row: Row) -> Any:
        """Say how good a copy is: less is better."""

    def label(self, row: Row) -> Label | None:
        """Label the record of a row by its type's rule, which may abstain."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Say of which shares (0-1) of the labels by votes people are asked too, whatever the votes agreed on.

    `audit`: of all of them, evenly, which shows how wrong they are. `minority`: of those that name the rarest class,
    where a wrong one costs most; audits among them count.
    """

    audit: float = 0.0
    minority: float = 0.0


@dataclass(frozen=True)
class Terms:
    """Hold what records are measured by."""

    record_type: RecordType
    quota: Mapping[str, int]
    sameness: Sameness
    sampling: Sampling = Sampling()
