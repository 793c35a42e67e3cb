"""Measure `scrapy dataset dedup` on invented reviews: records per second and peak memory of each engine."""

import random
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.reviews import invent_reviews
from tdcrawl.datasets.engines import ENGINES, daft_is_installed
from tdcrawl.records.columns import ColumnType, Row
from tdcrawl.store import parquet

_RECORDS = 20_000
_SEED = 8717
_COLUMNS = dict.fromkeys(("record_id", "text", "label"), ColumnType.TEXT)
# Of ten reviews one is a copy, word for word, and two are copies with up to a third of the words changed.
_EXACT, _NEAR, _MOST_CHANGED = 0.1, 0.2, 0.33
_WITHIN = 5_000


def main() -> None:
    """Sort out the same corpus by each engine in rounds, and print rates and memory."""
    parser = machine.parser("Records per second and peak memory of scrapy dataset dedup, by engine.")
    parser.add_argument("--records", type=machine.positive, default=_RECORDS, help="invented reviews, copies included")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_corpus(folder / "corpus.parquet", options.records)
        rounds = [_round(folder / "corpus.parquet", folder, turn) for turn in range(options.rounds)]
    figures = {figure: machine.median_of(rounds, figure) for figure in rounds[0]}
    title = f"dataset dedup: {options.records} reviews, start-up included, medians of {options.rounds} rounds"
    everything = {"records": options.records, "rounds": options.rounds, **figures}
    machine.report(title, everything, _in_words(figures), as_json=options.json)


def write_corpus(path: Path, number: int) -> None:
    """Write so many reviews to a Parquet file."""
    parquet.write(path, _COLUMNS, _corpus(number))


def _corpus(number: int) -> Iterator[Row]:
    """Invent reviews, a third of which repeat one of the last few thousand, wholly or in part."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing here is secret
    reviews, recent = invent_reviews(number), deque[str](maxlen=_WITHIN)
    for _ in range(number):
        kind, text = chance.random(), ""
        if recent and kind < _EXACT + _NEAR:
            text = chance.choice(recent)
            text = text if kind < _EXACT else _changed(chance, text.split())
        else:
            text = next(reviews)["text"]
            recent.append(text)
        yield {"record_id": f"{chance.getrandbits(128):032x}", "text": text, "label": chance.choice("ab")}


def _changed(chance: random.Random, words: list[str]) -> str:
    for place in chance.sample(range(len(words)), int(len(words) * chance.random() * _MOST_CHANGED)):
        words[place] = f"other{chance.randrange(1000)}"
    return " ".join(words)


def _round(corpus: Path, folder: Path, turn: int) -> dict[str, float]:
    names = [name for name in ENGINES if name == "local" or daft_is_installed()]
    figures: dict[str, float] = {}
    kept = set()
    # They take turns at being first: what warms the machine, or tires it, does so for all.
    for name in names if turn % 2 == 0 else reversed(names):
        target = folder / f"{name}-{turn}"
        seconds, mebibytes = _measured(name, corpus, target)
        rows = parquet.count_rows(corpus)
        figures |= {f"{name}_records_per_second": rows / seconds, f"{name}_peak_mebibytes": mebibytes}
        kept.add((target / "kept.parquet").read_bytes())
    if len(kept) != 1:
        machine.fail("the engines do not keep the same")
    return figures


def _measured(engine: str, corpus: Path, target: Path) -> tuple[float, float]:
    """Run the command in a process of its own; gives its seconds and the most memory it had."""
    command = [sys.executable, "-m", "scrapy", "dataset", "dedup", str(corpus), "--to", str(target), "--engine", engine]
    answer, seconds, mebibytes = machine.measured([*command, "--json"])
    if not answer.get("duplicates"):
        machine.fail(f"the engine {engine} found {answer}")
    return seconds, mebibytes


def _in_words(figures: dict[str, float]) -> Iterator[str]:
    for name in ENGINES:
        if f"{name}_records_per_second" in figures:
            rate, memory = figures[f"{name}_records_per_second"], figures[f"{name}_peak_mebibytes"]
            yield f"{name:<6} {rate:8.0f} records/s, at most {memory:6.0f} MiB"


if __name__ == "__main__":
    main()
