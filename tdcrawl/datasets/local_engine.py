"""Sort out a corpus in the memory of this process: the best texts first, each compared with those kept so far."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tdcrawl.datasets.corpus import COMPARED, Corpus, Findings, Job, check_ids, text_of
from tdcrawl.dedup import near
from tdcrawl.dedup.index import TextIndex
from tdcrawl.dedup.judge import Text, compare
from tdcrawl.dedup.near import Signature
from tdcrawl.likeness import Match
from tdcrawl.records.base import digest
from tdcrawl.store import parquet


class _Known:
    """Find what a text resembles among those entered; texts of the same words and label are one, of the least id."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._index = TextIndex(threshold)
        self._texts: dict[str, Text] = {}

    def enter(self, text: Text, signature: Signature) -> None:
        key = digest(text.label, text.normalised)
        if key not in self._texts:
            self._index.add(key, signature)
        elif self._texts[key].item_id <= text.item_id:
            return
        self._texts[key] = text

    def alike(self, text: Text, signature: Signature) -> Iterator[Match]:
        for key in self._index.near(signature):
            match = compare(text, self._texts[key], self._threshold)
            if match is not None:
                yield match


class LocalEngine:
    """Compare files by the index of a crawl; about 1 KB of memory a text."""

    def find(self, job: Job, scratch: Path) -> Findings:
        """Sort out a corpus; raises DatasetError for ids missing or not unique."""
        others = _entered(job.other, job.threshold)
        findings, kept = Findings(job.strict), _Known(job.threshold)
        for text in _ranked(job.corpus):
            signature = near.sign(text.normalised)
            if findings.take(text.item_id, others.alike(text, signature), kept.alike(text, signature)):
                kept.enter(text, signature)
        return findings

    def kept(self, job: Job, findings: Findings) -> Iterable[parquet.Table]:
        """Read all columns of what is kept, by id."""
        return parquet.ordered_tables(job.corpus.files, job.corpus.schema, "record_id", findings.gone)


def _entered(corpus: Corpus | None, threshold: float) -> _Known:
    known = _Known(threshold)
    for text in _texts(corpus) if corpus else ():
        known.enter(text, near.sign(text.normalised))
    return known


def _ranked(corpus: Corpus) -> list[Text]:
    texts = _texts(corpus)
    ids = Counter(text.item_id for text in texts)
    check_ids(0, min((record_id for record_id, count in ids.items() if count > 1), default=None))
    return sorted(texts, key=lambda text: text.rank)


def _texts(corpus: Corpus) -> list[Text]:
    texts = list(map(text_of, parquet.rows(corpus.files, COMPARED)))
    check_ids(sum(not text.item_id for text in texts), None)
    return texts
