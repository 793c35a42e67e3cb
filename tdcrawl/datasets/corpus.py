"""WHICH TEXTS are compared when files are: rows of any Parquet file, ranked as records of a crawl are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tdcrawl.dedup.batch import Sorted
from tdcrawl.dedup.judge import Text, best_first
from tdcrawl.errors import DatasetError
from tdcrawl.likeness import Likeness, Match
from tdcrawl.records.columns import Row
from tdcrawl.records.review import REVIEW
from tdcrawl.store import parquet

NEEDED = ("record_id", "text")
_OF_PREFERENCE = ("rating", "reviewed_at", "author_hash")
COMPARED = (*NEEDED, "label", *_OF_PREFERENCE)
"""What is read of a row to judge it; all but the first two may be absent."""


@dataclass(frozen=True)
class Corpus:
    """Hold files that are compared as one, put together by their columns."""

    groups: list[tuple[parquet.Schema, list[Path]]]

    @property
    def files(self) -> list[Path]:
        """List all files."""
        return [file for _, files in self.groups for file in files]

    @property
    def schema(self) -> parquet.Schema:
        """Unite the columns of all files; raises StoreError where they have different types for one."""
        return parquet.common_schema(schema for schema, _ in self.groups)


@dataclass(frozen=True)
class Job:
    """Say what is compared: a corpus with itself and with another one that stays as it is.

    `threshold` is the Jaccard similarity (0-1) from which two texts are the same; `strict` removes what contrasts with
    the other corpus too.
    """

    corpus: Corpus
    other: Corpus | None
    threshold: float
    strict: bool


@dataclass
class Findings:
    """Gather what becomes of each text: removed for one of the other corpus, or sorted out among the rest."""

    strict: bool
    sorted: Sorted = field(default_factory=Sorted)
    removed: dict[str, Match] = field(default_factory=dict)
    spared: set[str] = field(default_factory=set)
    """Those that contrast with a text of the other corpus and stay."""

    def take(self, record_id: str, others: Iterable[Match], alike: Iterable[Match]) -> bool:
        """Take the best text that is left, given what it is to other texts and to kept ones; says whether it stays."""
        known = sorted(others, key=best_first)
        copies = [match for match in known if self.strict or match.likeness is not Likeness.CONTRAST]
        if copies:
            self.removed[record_id] = copies[0]
            return False
        if known:
            self.spared.add(record_id)
        return self.sorted.take(record_id, alike)

    @property
    def gone(self) -> set[str]:
        """Name all that is not kept."""
        return self.removed.keys() | self.sorted.duplicates.keys()


def open_corpus(paths: Iterable[Path]) -> Corpus:
    """Look at the columns of files and folders; raises StoreError or DatasetError where they cannot be compared."""
    files = dict.fromkeys(file for path in paths for file in parquet.files_in(path))
    corpus = Corpus(parquet.by_schema(files))
    for schema, (file, *_) in corpus.groups:
        for name in NEEDED:
            if not parquet.is_text(schema, name):
                raise DatasetError(f"{file} has no column {name} of texts; its columns: {', '.join(schema.names)}")
    return corpus


def check_ids(missing: int, repeated: str | None) -> None:
    """Raise DatasetError where rows cannot be told apart: so many have no id, or an id comes twice."""
    if missing:
        raise DatasetError(f"{missing} rows have no record_id: give each one of its own")
    if repeated is not None:
        raise DatasetError(f"record_id {repeated!r} comes more than once: give each row one of its own")


def text_of(row: Row) -> Text:
    """Give what is compared of a row; a text that is null is an empty one, and so is a label."""
    record = REVIEW.stored({"text": row["text"] or "", **{name: row.get(name) for name in _OF_PREFERENCE}})
    normalised = REVIEW.sameness(record)
    label, record_id = row.get("label"), row["record_id"] or ""
    rank = (*REVIEW.preference(record, normalised), record_id)
    return Text(record_id, normalised, "" if label is None else str(label), rank)
