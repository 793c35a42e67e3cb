"""Take a corpus through one way of finding near-duplicates, in a process of its own: time, memory and decisions."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

from benchmarks import machine
from benchmarks.corpus import read_reviews
from benchmarks.near_ours import Ours
from benchmarks.near_peer import Peer
from benchmarks.near_recipe import Recipe
from benchmarks.near_way import Way

WAYS: dict[str, type[Way]] = {"ours": Ours, "seed": Recipe, "rensa": Peer}
_AT_A_TIME = 100
_T = TypeVar("_T")


class Pass(NamedTuple):
    """Hold what a pass took, and what was decided on each review: the kept one it duplicates, or None."""

    seconds: float
    bytes_grown: int
    decisions: list[str | None]


def take_pass(name: str, corpus: Path) -> Pass:
    """Take a pass in a fresh process, so that nothing of another one is in its memory."""
    return _in_a_fresh_process(_take, name, corpus)


def take_in_turns(name: str, large: Path, small: Path) -> tuple[float, float]:
    """Give the reviews per second of the last tenth of a large corpus, and of the last tenth of a small one.

    By then as many of both repeat an earlier one. They take turns in one process, piece by piece, the small one anew
    each time: of passes one after another a machine whose speed changes within seconds tells little.
    """
    return _in_a_fresh_process(_take_in_turns, name, large, small)


def _in_a_fresh_process(work: Callable[..., _T], *arguments: object) -> _T:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def _take(name: str, corpus: Path) -> Pass:
    lines = _read(corpus)
    with TemporaryDirectory() as folder:
        _warm_up(WAYS[name], lines)
        return _measure(WAYS[name], Path(folder), lines)


def _take_in_turns(name: str, large: Path, small: Path) -> tuple[float, float]:
    lines, few = _read(large), _read(small)
    _warm_up(WAYS[name], few)
    first, first_of_few = 9 * len(lines) // 10, 9 * len(few) // 10
    starts = range(first, len(lines), len(few) - first_of_few)
    seconds_of_few = seconds = 0.0
    with TemporaryDirectory() as folder, closing(WAYS[name](Path(folder))) as way:
        _offer(way, lines[:first])
        for start in starts:
            seconds += _offer(way, lines[start : start + starts.step])[0]
            with TemporaryDirectory() as other, closing(WAYS[name](Path(other))) as small_way:
                _offer(small_way, few[:first_of_few])
                seconds_of_few += _offer(small_way, few[first_of_few:])[0]
    return (len(lines) - first) / seconds, len(starts) * starts.step / seconds_of_few


def _read(corpus: Path) -> list[bytes]:
    with corpus.open("rb") as file:
        return list(file)


def _warm_up(way: type[Way], lines: Sequence[bytes]) -> None:
    # Compiling, importing late and filling caches of the process belong to no record's time.
    with TemporaryDirectory() as folder, closing(way(Path(folder))) as warm:
        warm.offer_many(read_reviews(lines[:_AT_A_TIME]))


def _measure(way: type[Way], folder: Path, lines: Sequence[bytes]) -> Pass:
    before = machine.settled_memory()
    measured = way(folder)
    seconds, decisions = _offer(measured, lines)
    grown = machine.settled_memory() - before
    begun = _now()
    measured.close()
    return Pass(seconds + _since(begun), grown, decisions)


def _offer(way: Way, lines: Sequence[bytes]) -> tuple[float, list[str | None]]:
    """Offer reviews in their order; gives the seconds that it took, and what was decided."""
    seconds, decisions = 0.0, list[str | None]()
    for start in range(0, len(lines), _AT_A_TIME):
        # Read now and not before: what a way holds on to of a review it must account for as its own.
        reviews = read_reviews(lines[start : start + _AT_A_TIME])
        begun = _now()
        decisions += way.offer_many(reviews)
        seconds += _since(begun)
    return seconds, decisions


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(begun: tuple[float, float]) -> float:
    # The figures are of one core: what other threads compute counts as time too, and so does waiting for a disk.
    return max(now - then for now, then in zip(_now(), begun, strict=True))
