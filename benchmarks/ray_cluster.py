"""Measure `scrapy dataset dedup` and `freeze` on a Ray cluster of several nodes, and that their bytes are the same."""

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.corpus_scale import write_corpus
from benchmarks.filled_ledger import fill_ledger

_RECORDS, _NODES = 20_000, 3
_SECONDS_BETWEEN_LOOKS = 0.5


def main() -> None:
    """Sort out and freeze the same records in this process and on a cluster, and print how the work was spread."""
    parser = machine.parser("Seconds of scrapy dataset dedup and freeze, alone and on a Ray cluster of several nodes.")
    parser.add_argument("--records", type=machine.positive, default=_RECORDS, help="invented reviews")
    parser.add_argument("--nodes", type=machine.positive, default=_NODES, help="nodes, all on this machine")
    options = parser.parse_args()
    rounds = [_round(options.records, options.nodes) for _ in range(options.rounds)]
    figures = {figure: machine.median_of(rounds, figure) for figure in rounds[0]}
    title = f"{options.records} reviews on a Ray cluster of {options.nodes} nodes, medians of {options.rounds} rounds"
    machine.report(title, {"records": options.records, **figures}, _in_words(figures), as_json=options.json)


def _round(records: int, nodes: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_corpus(folder / "corpus.parquet", records)
        alone = _both(folder, folder / "alone", records, {})
        with _cluster(nodes) as (address, spent):
            spread = _both(folder, folder / "spread", records, {"RAY_ADDRESS": address})
        if _contents(folder / "alone") != _contents(folder / "spread"):
            machine.fail("the cluster does not write the same")
    busiest, laziest = max(spent.values()), min(spent.values())
    return {
        **{f"alone_{what}_seconds": seconds for what, seconds in alone.items()},
        **{f"spread_{what}_seconds": seconds for what, seconds in spread.items()},
        "busiest_node_cpu_seconds": busiest,
        "laziest_node_cpu_seconds": laziest,
    }


def _both(folder: Path, target: Path, records: int, where: dict[str, str]) -> dict[str, float]:
    """Sort out and freeze into a folder; gives the seconds of each command."""
    target.mkdir()
    url = f"sqlite:///{target}.db"
    fill_ledger(url, records).dispose()
    env = machine.environment({"TDCRAWL_DATABASE_URL": url, "TDCRAWL_RAY_ADDRESS": "auto" if where else "", **where})
    engine = ["--engine", "daft" if where else "local", "--json"]
    return {
        "dedup": _seconds(["dedup", str(folder / "corpus.parquet"), "--to", str(target / "clean"), *engine], env),
        "freeze": _seconds(["freeze", "v1", "--balance", "oversample", "--to", str(target), *engine], env),
    }


def _seconds(command: Sequence[str], env: dict[str, str]) -> float:
    _, seconds, _ = machine.measured([sys.executable, "-m", "scrapy", "dataset", *command], env)
    return seconds


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def _cluster(nodes: int) -> Iterator[tuple[str, defaultdict[int, float]]]:
    """Open a cluster of nodes of one processor; gives its address, and in the end the CPU seconds spent on each."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - an extra; it takes seconds

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    spent, is_over = defaultdict[int, float](float), Event()
    watch = Thread(target=_watch, args=(spent, is_over), daemon=True)
    try:
        for _ in range(nodes - 1):
            cluster.add_node(num_cpus=1)
        watch.start()
        yield cluster.address, spent
    finally:
        is_over.set()
        watch.join()
        cluster.shutdown()  # type: ignore[no-untyped-call]


def _watch(spent: defaultdict[int, float], is_over: Event) -> None:
    """Note what the workers of each node have spent; those that end are counted as far as they were seen."""
    seen: dict[tuple[int, int], float] = {}
    while not is_over.wait(_SECONDS_BETWEEN_LOOKS):
        processes = dict(_processes())
        for number, (_, parent, seconds) in processes.items():
            if parent in processes and processes[parent][0] == "raylet":
                seen[parent, number] = seconds
    for (node, _), seconds in seen.items():
        spent[node] += seconds


def _processes() -> Iterator[tuple[int, tuple[str, int, float]]]:
    """List the processes of this machine: name, parent and CPU seconds of each (Linux, proc(5))."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # It has ended meanwhile.
            number, _, rest = stat.read_text().partition(" (")
            name, _, figures = rest.rpartition(") ")
            of_it = figures.split()
            yield int(number), (name, int(of_it[1]), (int(of_it[11]) + int(of_it[12])) / os.sysconf("SC_CLK_TCK"))


def _in_words(figures: dict[str, float]) -> Iterator[str]:
    for what in ("dedup", "freeze"):
        alone, spread = figures[f"alone_{what}_seconds"], figures[f"spread_{what}_seconds"]
        yield f"{what:<6} {alone:6.1f} s in one process, {spread:6.1f} s on the cluster, the same bytes"
    busiest, laziest = figures["busiest_node_cpu_seconds"], figures["laziest_node_cpu_seconds"]
    yield f"a node spent between {laziest:.1f} and {busiest:.1f} s of CPU"


if __name__ == "__main__":
    main()
