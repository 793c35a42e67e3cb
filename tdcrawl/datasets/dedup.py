"""Keep one of each text in a corpus of files, and nothing that another corpus has."""

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from tdcrawl.datasets.corpus import Findings, Job
from tdcrawl.errors import StoreError
from tdcrawl.likeness import Likeness, Match
from tdcrawl.outcomes import DedupReason
from tdcrawl.records.columns import ColumnType, Row
from tdcrawl.store import parquet
from tdcrawl.store.atomic import new_directory

_REPEATS = {
    "record_id": ColumnType.TEXT, "matched_record_id": ColumnType.TEXT, "score": ColumnType.NUMBER,
    "reason": ColumnType.TEXT,
}  # fmt: skip
_PAIRS = {"record_id": ColumnType.TEXT, "other_id": ColumnType.TEXT, "score": ColumnType.NUMBER}
_REASONS: Mapping[Likeness, str] = {
    Likeness.EXACT: DedupReason.EXACT_DUPLICATE, Likeness.NEAR: DedupReason.NEAR_DUPLICATE,
    Likeness.CONTRAST: "contrast",
}  # fmt: skip


class Engine(Protocol):
    """Compare the texts of a corpus; every engine finds the same."""

    def find(self, job: Job, scratch: Path) -> Findings:
        """Sort out a corpus, with a folder to put things aside; raises DatasetError for ids missing or not unique."""

    def kept(self, job: Job, findings: Findings) -> Iterable[parquet.Table]:
        """Read all columns of what is kept, by id."""


def dedup(job: Job, target: Path, engine: Engine) -> dict[str, Any]:
    """Write what is kept, what it repeats and what contrasts into a new folder; returns how many of each.

    Raises StoreError where the folder exists or cannot be written, DatasetError where ids are missing or not unique.
    """
    schema = job.corpus.schema
    with new_directory(target) as draft:
        scratch = draft / ".scratch"
        scratch.mkdir()
        findings = engine.find(job, scratch)
        kept = parquet.write_tables(draft / "kept.parquet", schema, engine.kept(job, findings))
        parquet.write(draft / "duplicates.parquet", _REPEATS, _repeats(findings.sorted.duplicates))
        parquet.write(draft / "contrast_pairs.parquet", _PAIRS, _pairs(findings))
        if job.other:
            parquet.write(draft / "removed.parquet", _REPEATS, _repeats(findings.removed))
        _balance(job, kept, findings)
        shutil.rmtree(scratch)
    return _counts(kept, findings) | {"location": str(target)}


def _balance(job: Job, kept: int, findings: Findings) -> None:
    """Raise StoreError where a row is neither kept nor told of: a file has changed meanwhile."""
    rows = sum(map(parquet.count_rows, job.corpus.files))
    if rows != kept + len(findings.gone):
        raise StoreError(f"of {rows} rows {kept} were kept and {len(findings.gone)} not: did a file change?")


def _repeats(matches: Mapping[str, Match]) -> Iterable[Row]:
    for record_id, match in sorted(matches.items()):
        reason = str(_REASONS[match.likeness])
        yield {
            "record_id": record_id, "matched_record_id": match.record_id, "score": match.score, "reason": reason,
        }  # fmt: skip


def _pairs(findings: Findings) -> Iterable[Row]:
    return (
        {"record_id": one, "other_id": two, "score": score} for one, two, score in sorted(findings.sorted.contrasts)
    )


def _counts(kept: int, findings: Findings) -> dict[str, Any]:
    return {
        "rows": kept + len(findings.gone),
        "kept": kept,
        "duplicates": _by_reason(findings.sorted.duplicates),
        "contrast_pairs": len(findings.sorted.contrasts),
        "removed": _by_reason(findings.removed),
        "contrasts_spared": len(findings.spared),
    }


def _by_reason(matches: Mapping[str, Match]) -> dict[str, int]:
    counts = Counter(_REASONS[match.likeness] for match in matches.values())
    return {str(reason): counts[reason] for reason in _REASONS.values() if counts[reason]}
