"""Measure a large index of near-duplicates: how fast it grows, and how soon a crawl that starts from it is ready."""

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
from benchmarks.reviews import invent_reviews
from tdcrawl.dedup import near
from tdcrawl.dedup.index import TextIndex, entry_bytes
from tdcrawl.dedup.near import Signature, Signatures
from tdcrawl.dedup.sameness import Sameness
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.records.review import REVIEW
from tdcrawl.store.engine import open_engine
from tdcrawl.text import normalise

_RECORDS = 100_000
_SMALL = 10_000
_AT_A_TIME = 500

Entry = tuple[str, bytes]


def main() -> None:
    """Stream texts into an index and a ledger's tables, and open it as a crawl does."""
    parser = machine.parser("Texts a second into an index, seconds until it is ready again, and its bytes a record.")
    parser.add_argument("--records", type=machine.positive, default=_RECORDS, help="records in the index")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "index.db"
        _create(database)
        large = _rate(options.records, database)
        rounds = [_round(database, large) for _ in range(options.rounds)]
    figures = {figure: machine.median_of(rounds, figure) for figure in rounds[0]}
    title = f"Index of {options.records} records, medians of {options.rounds} rounds"
    machine.report(title, {"records": options.records, **figures}, _in_words(figures), as_json=options.json)


def _create(database: Path) -> None:
    engine = open_engine(f"sqlite:///{database}")
    Sameness(REVIEW, 0.8, label_by_rule).open(engine, "benchmark")
    engine.dispose()


def _rate(number: int, database: Path | None = None) -> float:
    """Normalise, sign, look up and enter texts, all different; writing them to a database is not in the time."""
    index, seconds, written = TextIndex(0.8), 0.0, 0
    reviews = invent_reviews(number)
    while some := [review["text"] for review in islice(reviews, _AT_A_TIME)]:
        ids = [f"{place:032x}" for place in range(written, written + len(some))]
        begun = time.process_time()
        signed = near.sign_all([normalise(text) for text in some])
        index.stream(ids, signed)
        index.settle_all(ids, rejected=())
        seconds += time.process_time() - begun
        written += len(some)
        if database:
            _insert(database, list(_entries(ids, signed)))
    return number / seconds


def _entries(ids: list[str], signed: Signatures) -> Iterator[Entry]:
    for item_id, keys, sketch in zip(ids, signed.keys, signed.sketches, strict=True):
        yield item_id, entry_bytes(item_id, Signature(keys, sketch))


def _insert(database: Path, entries: list[Entry]) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO dedup_bands (record_id, record_type, run_id, entry) VALUES (?, 'review', 'old', ?)", entries
        )
        connection.executemany(
            "INSERT INTO records (record_id, record_type, site, run_id, page_id, group_key, requested_url, "
            "canonical_url, content_hash, stratum, data, flags, scraped_at, cluster_id, label, label_source) VALUES "
            "(?1, 'review', '', '', '', '', '', '', ?1, '', '{}', '[]', '2026-01-01', ?1, '', 'rule')",
            ((item_id,) for item_id, _ in entries),
        )


def _round(database: Path, large: float) -> dict[str, float]:
    engine = open_engine(f"sqlite:///{database}")
    before, begun = machine.settled_memory(), time.perf_counter()
    sameness = Sameness(REVIEW, 0.8, label_by_rule)
    sameness.open(engine, "benchmark")
    seconds = time.perf_counter() - begun
    engine.dispose()
    size, small = (machine.settled_memory() - before) / len(sameness.index), _rate(_SMALL)
    return {
        "seconds_to_ready": seconds, "bytes_per_record": size, "records_per_second": large,
        f"records_per_second_at_{_SMALL}": small, "throughput_ratio": large / small,
    }  # fmt: skip


def _in_words(figures: dict[str, float]) -> Iterator[str]:
    yield f"{figures['records_per_second']:.0f} texts a second were normalised, signed, looked up and entered,"
    yield f"  {figures['throughput_ratio']:.2f} of the rate at {_SMALL} records"
    yield f"ready again after {figures['seconds_to_ready']:.2f} s, {figures['bytes_per_record']:.0f} bytes a record"


if __name__ == "__main__":
    main()
