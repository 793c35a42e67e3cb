"""Measure how well near-duplicates are found, how fast and in how much memory, against the recipe and against rensa."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.corpus import corpus_options, invent_corpus, write_reviews
from benchmarks.near_pass import WAYS, take_pass
from benchmarks.near_truth import Truth

_RECORDS = 100_000
_COUNTED = ("recall", "precision", "contrast_pairs_kept", "kept")
_TITLES = {"ours": "ours", "seed": "the reference recipe", "rensa": "rensa, verified"}


def main() -> None:
    """Take the same reviews through each way in rounds, and print what each found, its speed and its memory."""
    parser = machine.parser("Near-duplicates found, records per second and bytes a record, against recipe and rensa.")
    options = corpus_options(parser, _RECORDS, "invented reviews")
    corpus = invent_corpus(options.records)
    truth = Truth(corpus)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reviews.jsonl"
        write_reviews(path, corpus.reviews)
        rounds = [_round(path, truth, turn) for turn in range(options.rounds)]
    figures = {figure: _median_of(rounds, figure) for figure in rounds[0]}
    title = f"Near-duplicates: {options.records} reviews, medians of {options.rounds} rounds"
    everything = {"records": options.records, "rounds": options.rounds, **figures}
    machine.report(title, everything, _in_words(figures), as_json=options.json)


def _median_of(rounds: list[dict[str, float]], figure: str) -> float:
    # A single miss among many thousands must not be rounded away.
    if figure.endswith(_COUNTED):
        return median(one[figure] for one in rounds)
    return machine.median_of(rounds, figure)


def _round(corpus: Path, truth: Truth, turn: int) -> dict[str, float]:
    # Each round another way comes first: what warms the machine, or tires it, does so for all.
    names = [*WAYS][turn % len(WAYS) :] + [*WAYS][: turn % len(WAYS)]
    measured = {name: _figures(name, corpus, truth) for name in names}
    speed = {name: figures["records_per_second"] for name, figures in measured.items()}
    return {
        **{f"{_prefix(name)}{figure}": value for name in WAYS for figure, value in measured[name].items()},
        "speedup_over_seed": speed["ours"] / speed["seed"],
        "speedup_over_rensa": speed["ours"] / speed["rensa"],
    }


def _figures(name: str, corpus: Path, truth: Truth) -> dict[str, float]:
    taken = take_pass(name, corpus)
    judged = truth.judge(taken.decisions)
    return {
        **judged,
        "records_per_second": len(taken.decisions) / taken.seconds,
        # Of those that were kept: a way that drops what it should keep needs no less for the others.
        "bytes_per_record": taken.bytes_grown / judged["kept"],
    }


def _prefix(name: str) -> str:
    return "" if name == "ours" else f"{name}_"


def _in_words(figures: dict[str, float]) -> Iterator[str]:
    yield f"{'':<20}  recall  precision  contrasts kept  records/s  bytes a kept record"
    for name, title in _TITLES.items():
        of = {figure.removeprefix(_prefix(name)): value for figure, value in figures.items()}
        yield (
            f"{title:<20}  {of['recall']:6.4f}  {of['precision']:9.4f}  {of['contrast_pairs_kept']:14.4f}"
            f"  {of['records_per_second']:9.0f}  {of['bytes_per_record']:19.0f}"
        )
    speedups = figures["speedup_over_seed"], figures["speedup_over_rensa"]
    yield "ratio: {:.2f} to the recipe, {:.2f} to rensa".format(*speedups)


if __name__ == "__main__":
    main()
