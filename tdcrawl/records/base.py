"""What every record type has in common: the envelope that flows, and the questions a type answers."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from tdcrawl import text
from tdcrawl.outcomes import Move
from tdcrawl.records.naming import UNLABELLED, Label, Question
from tdcrawl.records.reading_back import read_back

Raw = Mapping[str, str]
"""Scraped strings by field name, exactly as the page gave them; a field the page lacks is absent."""


class Record(BaseModel):
    """Hold one valid record: strict, immutable, with no field that its type does not know."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Kind(StrEnum):
    """Name the ways a scraped string is read into a value (extract/values.py has one reader for each)."""

    TEXT = "text"
    NAME = "name"
    IDENTIFIER = "identifier"
    LANGUAGE = "language"
    RATING = "rating"
    RATING_BOUND = "rating_bound"
    DATE = "date"
    PAY = "pay"
    PAY_BOUND = "pay_bound"
    CURRENCY = "currency"
    PERIOD = "period"
    YEARS = "years"
    MONTHS = "months"


_READ_LAST = {Kind.RATING, Kind.PAY, Kind.PAY_BOUND}


@dataclass(frozen=True, slots=True)
class Field:
    """Describe one scraped field: how it is read, the model's field it fills, and where schema.org keeps it.

    `paths` are dotted key paths inside the schema.org entity, tried in order. `words` are what shops call it in their
    own keys and classes, in lower case and the singular, the surest first, for `scrapy probe` to guess by.
    """

    kind: Kind
    into: str
    paths: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def is_bound(self) -> bool:
        """Say whether it only tells how another field is read, or one end of it."""
        return self.kind in {Kind.RATING_BOUND, Kind.PAY_BOUND}


@dataclass(frozen=True)
class RecordType:
    """Answer what the stages ask of a type, so that no stage names a field of one.

    *spider*: what `scrapy crawl` calls the one for it. *model*: which fields, and what makes them valid. *same_text*:
    which text decides sameness; *preference*: which of two copies is better, from the record and its normalised text
    (a tuple, of which less is better). *labels* and *rule*: the allowed answers, and the one that needs no asking, or
    None; *question*: how it is asked for then; *contradicted*: words (RE2) that belie a label of the rule. *stratum*:
    the bucket a quota counts, from the record and its label. The rest says how the type is scraped (`fields`, `words`
    of other languages, `schema_types`), told apart (`group_field`, `native_id_field`, `identity_fields`), masked
    (`person_fields` become a keyed hash, `masked_fields` are searched) and trained on (`columns`).
    """

    name: str
    spider: str
    model: type[Record]
    fields: Mapping[str, Field]
    schema_types: frozenset[str]
    group_field: str
    native_id_field: str
    identity_fields: tuple[str, ...]
    person_fields: Mapping[str, str]
    masked_fields: tuple[str, ...]
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    rule_version: str
    same_text: Callable[[Any], str]
    preference: Callable[[Any, str], tuple[Any, ...]]
    rule: Callable[[Any], str | None]
    stratum: Callable[[Any, str], str] = lambda _, label: label
    question: Question | None = None
    contradicted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    @cached_property
    def model_fields(self) -> frozenset[str]:
        """Give the names of the model's fields, which every item asks for, and pydantic takes its time to tell."""
        return frozenset(self.model.model_fields)

    @cached_property
    def required(self) -> frozenset[str]:
        """Give the scraped fields without which there is no record, or none that a rule can label."""
        wanted = {name for name, filled in self.model.model_fields.items() if filled.is_required()}
        signals = {self.question.signal} if self.question else set()
        return frozenset(signals.union(name for name, field in self.fields.items() if field.into in wanted))

    def needed(self, *, asks: bool) -> frozenset[str]:
        """Give the scraped fields that an item must have: those for the rule only where nobody is asked."""
        return self.required - {self.question.signal} if self.question and asks else self.required

    @cached_property
    def by_kind(self) -> Mapping[Kind, frozenset[str]]:
        """Give the names of the scraped fields of each kind."""
        return {kind: frozenset(name for name, field in self.fields.items() if field.kind is kind) for kind in Kind}

    @cached_property
    def reading_order(self) -> Sequence[tuple[str, Field]]:
        """Give the scraped fields with their names, last those that need others: the scale, or the period."""
        return sorted(self.fields.items(), key=lambda pair: pair[1].kind in _READ_LAST)

    @cached_property
    def told_fields(self) -> Mapping[str, str]:
        """Give the scraped fields whose absence a record shows, each with the field that holds it there.

        Not the group, for which the page stands in where it is missing, and no bounds, which the site file may give.
        """
        return {
            name: self.person_fields.get(name, field.into)
            for name, field in self.fields.items()
            if name != self.group_field and not field.is_bound
        }

    def sameness(self, record: Record) -> str:
        """Give the normalised text that decides whether two records are the same."""
        return text.normalise(text.without_notices(self.same_text(record)))

    def stratum_of(self, record: Record, label: str | None) -> str:
        """Give the bucket of a record whose label is known, or follows from the rule."""
        return self.stratum(record, name) if (name := label or self.rule(record)) else UNLABELLED

    def stored(self, data: Mapping[str, Any]) -> Record:
        """Give a record its form back from the JSON that was stored of it, to be read; times stay ISO 8601 texts."""
        return read_back(self.model, data)


@dataclass(slots=True)
class TrainingItem:
    """Carry one item from the page to its outcome: scraped strings, then the record, then the label.

    `requested_url` was fetched at `fetched_at` (UTC), `canonical_url` is the page's one address. `group_key` is the
    thing the record is about (for a review its product) within the site, `position` its place on its page.
    `normalised`, `content_hash` and `signature` are made once, for all stages. `replaces`: a better copy of a record;
    `moves`: what left its bucket when it was written; `reopened`: it failed or was surplus in an earlier run.
    """

    item_id: str
    record_type: str
    site: str
    page_id: str
    requested_url: str
    fetched_at: datetime
    group_key: str
    raw: Raw
    position: int = 0
    canonical_url: str | None = None
    record: Record | None = None
    label: Label | None = None
    normalised: str | None = None
    content_hash: str | None = None
    signature: Any = None
    replaces: bool = False
    flags: list[str] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    written: bool = False
    reopened: bool = False

    def believed(self) -> Record:
        """Give the valid record; raises ValueError where no stage has validated the item."""
        if self.record:
            return self.record
        raise ValueError("the item was never validated: is TDCRAWL_VALIDATE_RECORD_ENABLED off?")

    def named(self) -> Label:
        """Give the label; raises ValueError where no stage has labelled the item."""
        if self.label:
            return self.label
        raise ValueError("the item was never labelled: is TDCRAWL_LABEL_RECORD_ENABLED off?")


def digest(*parts: str) -> str:
    """Hash a list of strings so that no two different lists collide: SHA-256, 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()[:32]
