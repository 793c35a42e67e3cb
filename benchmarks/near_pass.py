"""Take a corpus through one way of finding near-duplicates, in a process of its own: time, memory and decisions."""

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks import machine
from benchmarks.corpus import read_reviews
from benchmarks.near_ours import Ours
from benchmarks.near_peer import Peer
from benchmarks.near_recipe import Recipe
from benchmarks.near_way import Way

WAYS: dict[str, type[Way]] = {"ours": Ours, "seed": Recipe, "rensa": Peer}
_AT_A_TIME = 100


class Pass(NamedTuple):
    """Hold what a pass took, and what was decided on each review: the kept one it duplicates, or None."""

    seconds: float
    bytes_grown: int
    decisions: list[str | None]


def take_pass(name: str, corpus: Path) -> Pass:
    """Take a pass in a fresh process, so that nothing of another one is in its memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_take, name, corpus).result()


def _take(name: str, corpus: Path) -> Pass:
    with corpus.open("rb") as file:
        lines = list(file)
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        # Compiling, importing late and filling caches of the process belong to no record's time.
        with closing(WAYS[name](Path(first))) as warm_up:
            warm_up.offer_many(read_reviews(lines[:_AT_A_TIME]))
        return _measure(WAYS[name], Path(second), lines)


def _measure(way: type[Way], folder: Path, lines: Sequence[bytes]) -> Pass:
    seconds, decisions = 0.0, list[str | None]()
    before = machine.settled_memory()
    measured = way(folder)
    for start in range(0, len(lines), _AT_A_TIME):
        # Read now and not before: what a way holds on to of a review it must account for as its own.
        reviews = read_reviews(lines[start : start + _AT_A_TIME])
        begun = _now()
        decisions += measured.offer_many(reviews)
        seconds += _since(begun)
    grown = machine.settled_memory() - before
    begun = _now()
    measured.close()
    return Pass(seconds + _since(begun), grown, decisions)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(begun: tuple[float, float]) -> float:
    # The figures are of one core: what other threads compute counts as time too, and so does waiting for a disk.
    return max(now - then for now, then in zip(_now(), begun, strict=True))
