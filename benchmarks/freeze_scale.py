"""Measure `scrapy dataset freeze` by each engine: rows per second and peak memory, and that the bytes are the same."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.filled_ledger import fill_ledger
from tdcrawl.datasets.engines import ENGINES, daft_is_installed
from tdcrawl.store.place import Folder

_RECORDS = 20_000


def main() -> None:
    """Freeze the same records by each engine in rounds, and print rates and memory."""
    parser = machine.parser("Rows per second and peak memory of scrapy dataset freeze, by engine.")
    parser.add_argument("--records", type=machine.positive, default=_RECORDS, help="records in the ledger")
    options = parser.parse_args()
    rounds = [_round(options.records, turn) for turn in range(options.rounds)]
    figures = {figure: machine.median_of(rounds, figure) for figure in rounds[0]}
    title = f"dataset freeze: {options.records} records, start-up included, medians of {options.rounds} rounds"
    everything = {"records": options.records, "rounds": options.rounds, **figures}
    machine.report(title, everything, _in_words(figures), as_json=options.json)


def _round(records: int, turn: int) -> dict[str, float]:
    names = [name for name in ENGINES if name == "local" or daft_is_installed()]
    figures: dict[str, float] = {}
    manifests = set()
    # They take turns at being first: what warms the machine, or tires it, does so for all.
    for name in names if turn % 2 == 0 else reversed(names):
        with tempfile.TemporaryDirectory() as folder:
            seconds, mebibytes = _measured(name, records, Path(folder))
            manifests.add(Folder(Path(folder) / "v1").fingerprint("manifest.json")["sha256"])
        figures |= {f"{name}_rows_per_second": records / seconds, f"{name}_peak_mebibytes": mebibytes}
    if len(manifests) != 1:
        machine.fail("the engines do not freeze the same")
    return figures


def _measured(engine: str, records: int, folder: Path) -> tuple[float, float]:
    """Run the command in a process of its own; gives its seconds and the most memory it had."""
    url = f"sqlite:///{folder}/ledger.db"
    fill_ledger(url, records).dispose()
    command = [sys.executable, "-m", "scrapy", "dataset", "freeze", "v1", "--balance", "none", "--to", str(folder)]
    env = machine.environment({"TDCRAWL_DATABASE_URL": url})
    answer, seconds, mebibytes = machine.measured([*command, "--engine", engine, "--json"], env)
    if answer.get("rows") != records:
        machine.fail(f"the engine {engine} froze {answer}")
    return seconds, mebibytes


def _in_words(figures: dict[str, float]) -> Iterator[str]:
    for name in ENGINES:
        if f"{name}_rows_per_second" in figures:
            rate, memory = figures[f"{name}_rows_per_second"], figures[f"{name}_peak_mebibytes"]
            yield f"{name:<6} {rate:8.0f} rows/s, at most {memory:6.0f} MiB"


if __name__ == "__main__":
    main()
