"""Measure freezing, verifying and comparing versions, beside what writes and digests the same table alone."""

import multiprocessing
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.filled_ledger import fill_ledger
from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.diff import compare
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.verify import verify_version
from tdcrawl.datasets.version import freeze
from tdcrawl.store.engine import open_engine

_RECORDS, _FEWER = 100_000, 10
_ROWS_A_GROUP = 10_000


def main() -> None:
    """Freeze so many records and a tenth of them, verify, compare with a second version, and print the ratios."""
    parser = machine.parser("Rows a second that are frozen, verified and compared, beside pyarrow alone.")
    parser.add_argument("--records", type=machine.positive, default=_RECORDS, help="records in the ledger")
    options = parser.parse_args()
    rounds = [_round(options.records) for _ in range(options.rounds)]
    figures = {name: machine.median_of(rounds, name) for name in rounds[0]}
    title = f"Freezing {options.records} records on SQLite, medians of {options.rounds} rounds"
    machine.report(title, {"records": options.records, **figures}, _in_words(figures), as_json=options.json)


def _round(records: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large = _frozen(folder / "large", records)
        fewer = _frozen(folder / "small", max(1, records // _FEWER))
        version = folder / "large" / "v1"
        alone = _alone(version, folder)
        files = [path for path in sorted(version.rglob("*")) if path.is_file()]
        rows = _dumped(folder / "large.db", folder / "rows.jsonl")
        of_files, of_both = (_seconds(partial(_sha256sum, paths)) for paths in (files, [*files, rows]))
        digested = sum(path.stat().st_size for path in (*files, rows))
    return {
        "frozen_per_second": large["rows"] / large["freeze"],
        "pyarrow_per_second": alone["rows"] / alone["pyarrow"],
        "datasets_per_second": alone["rows"] / alone["datasets"],
        "freeze_over_pyarrow": large["rows"] / large["freeze"] / (alone["rows"] / alone["pyarrow"]),
        "growth": large["freeze"] / large["rows"] / (fewer["freeze"] / fewer["rows"]),
        "peak_mib": large["peak_mib"],
        "verify_seconds": large["verify"],
        "digested_mib": digested / 2**20,
        "sha256sum_seconds": of_files,
        "sha256sum_of_rows_too_seconds": of_both,
        "verify_over_sha256sum": of_both / large["verify"],
        "diff_seconds": large["diff"],
    }


def _frozen(folder: Path, records: int) -> dict[str, float]:
    """Freeze, verify and compare in a process of its own, whose memory is theirs alone."""
    fill_ledger(f"sqlite:///{folder}.db", records).dispose()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(_measured, folder).result()


def _measured(folder: Path) -> dict[str, float]:
    engine = open_engine(f"sqlite:///{folder}.db")
    plan = FreezePlan("v1", balance=Balance.NONE)
    begun = time.perf_counter()
    rows = freeze(engine, plan, folder).rows
    told: dict[str, float] = {"freeze": time.perf_counter() - begun, "rows": rows}
    told["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told["verify"] = _seconds(lambda: _intact(verify_version(engine, "v1")))
    freeze(engine, FreezePlan("v2"), folder)
    told["diff"] = _seconds(lambda: compare(engine, "v1", "v2"))
    engine.dispose()
    return told


def _alone(version: Path, folder: Path) -> dict[str, float]:
    """Write the rows of a version, which are in memory, with pyarrow and with datasets alone."""
    import datasets  # noqa: PLC0415 - in the processes that freeze it would take room

    table = pa.concat_tables(pq.read_table(part) for part in sorted(version.glob("*/part-*.parquet")))
    of_its_own = datasets.Dataset(table)
    datasets.disable_progress_bars()
    return {
        "rows": len(table),
        "pyarrow": _seconds(
            lambda: pq.write_table(table, folder / "pyarrow", compression="zstd", row_group_size=_ROWS_A_GROUP)
        ),
        "datasets": _seconds(lambda: of_its_own.to_parquet(str(folder / "datasets"))),
    }


def _dumped(database: Path, target: Path) -> Path:
    """Write the rows of v1 into a file, a line each, for whoever digests files alone."""
    with closing(sqlite3.connect(database)) as connection, target.open("w", encoding="utf-8") as lines:
        rows = connection.execute("SELECT data FROM dataset_rows WHERE version = 'v1'")
        lines.writelines(f"{row}\n" for (row,) in rows)
    return target


def _sha256sum(files: Sequence[Path]) -> None:
    subprocess.run(["sha256sum", *files], check=True, capture_output=True)  # noqa: S607 - whichever the user has


def _intact(problems: list[str]) -> None:
    if problems:
        machine.fail("; ".join(problems))


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _in_words(figures: dict[str, float]) -> Iterator[str]:
    yield f"frozen:    {figures['frozen_per_second']:10.0f} rows/s, {figures['peak_mib']:.0f} MiB at most"
    yield f"pyarrow:   {figures['pyarrow_per_second']:10.0f} rows/s for the files alone, from memory"
    yield f"datasets:  {figures['datasets_per_second']:10.0f} rows/s"
    yield f"a row takes {figures['growth']:.2f} of its time with a tenth of the records"
    yield f"verify: {figures['verify_seconds']:.2f} s for files, rows and view, {figures['digested_mib']:.0f} MiB"
    of_files, of_both = figures["sha256sum_seconds"], figures["sha256sum_of_rows_too_seconds"]
    yield f"sha256sum: {of_files:.2f} s for the files alone, {of_both:.2f} s with the rows, as a file, too"
    yield f"verify has {figures['verify_over_sha256sum']:.2f} of the speed of sha256sum over the same bytes"
    yield f"diff of two versions: {figures['diff_seconds']:.2f} s"


if __name__ == "__main__":
    main()
