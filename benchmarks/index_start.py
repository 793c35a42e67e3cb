"""Measure a large index of near-duplicates: does it stay fast, and how soon is a crawl ready with it."""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.corpus import corpus_options, invent_corpus, write_reviews
from benchmarks.near_pass import take_in_turns
from benchmarks.reviews import invent_reviews
from tdcrawl.dedup import near
from tdcrawl.dedup.index import entry_bytes
from tdcrawl.dedup.near import Signature
from tdcrawl.dedup.sameness import Sameness
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.records.review import REVIEW
from tdcrawl.store.engine import open_engine
from tdcrawl.text import normalise

_RECORDS = 1_000_000
_SMALL = 10_000
_AT_A_TIME = 500

Entry = tuple[str, bytes]


def main() -> None:
    """Search a large and a small corpus, and open the index of a filled ledger as a crawl does."""
    parser = machine.parser("The speed of a large index over that of a small one, seconds to ready, bytes a record.")
    options = corpus_options(parser, _RECORDS, "records in the index")
    with tempfile.TemporaryDirectory() as folder:
        database, large, small = (Path(folder) / name for name in ("index.db", "large.jsonl", "small.jsonl"))
        _fill(database, options.records)
        write_reviews(large, invent_corpus(options.records).reviews)
        write_reviews(small, invent_corpus(_SMALL).reviews)
        rounds = [{**_opened(database), **_compared(large, small)} for _ in range(options.rounds)]
    figures = {figure: machine.median_of(rounds, figure) for figure in rounds[0]}
    title = f"Index of {options.records} records, medians of {options.rounds} rounds"
    machine.report(title, {"records": options.records, **figures}, _in_words(figures), as_json=options.json)


def _fill(database: Path, number: int) -> None:
    """Store records, all different, with their entries."""
    engine = open_engine(f"sqlite:///{database}")
    Sameness(REVIEW, 0.8, label_by_rule).open(engine)
    engine.dispose()
    reviews, written = invent_reviews(number), 0
    while some := [normalise(review["text"]) for review in islice(reviews, _AT_A_TIME)]:
        ids = [f"{place:032x}" for place in range(written, written + len(some))]
        signed = near.sign_all(some)
        entries = map(Signature, signed.keys, signed.sketches)
        _insert(database, list(zip(ids, map(entry_bytes, ids, entries), strict=True)))
        written += len(some)


def _insert(database: Path, entries: list[Entry]) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO dedup_bands (record_id, record_type, writer, entry) VALUES (?, 'review', 'old', ?)", entries
        )
        connection.executemany(
            "INSERT INTO records (record_id, record_type, site, run_id, page_id, group_key, requested_url, "
            "canonical_url, content_hash, stratum, data, flags, scraped_at, cluster_id, label, label_source) VALUES "
            "(?1, 'review', '', '', '', '', '', '', ?1, '', '{}', '[]', '2026-01-01', ?1, '', 'rule')",
            ((item_id,) for item_id, _ in entries),
        )


def _opened(database: Path) -> dict[str, float]:
    engine = open_engine(f"sqlite:///{database}")
    before, begun = machine.settled_memory(), time.perf_counter()
    sameness = Sameness(REVIEW, 0.8, label_by_rule)
    sameness.open(engine)
    seconds = time.perf_counter() - begun
    engine.dispose()
    size = (machine.settled_memory() - before) / len(sameness.index)
    return {"seconds_to_ready": seconds, "bytes_per_record": size}


def _compared(large: Path, small: Path) -> dict[str, float]:
    rate, at_small = take_in_turns("ours", large, small)
    return {
        "records_per_second": rate, f"records_per_second_at_{_SMALL}": at_small, "throughput_ratio": rate / at_small,
    }  # fmt: skip


def _in_words(figures: dict[str, float]) -> Iterator[str]:
    yield f"{figures['records_per_second']:.0f} records a second, from the text to the decision on it:"
    yield f"  {figures['throughput_ratio']:.2f} of the rate at {_SMALL} records"
    yield f"ready again after {figures['seconds_to_ready']:.2f} s, {figures['bytes_per_record']:.0f} bytes a record"


if __name__ == "__main__":
    main()
