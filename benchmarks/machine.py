"""Say what a figure was measured on, and how it is told: rounds, medians, one JSON object at the end."""

import argparse
import ctypes
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

# The servers that are measured against are on this machine.
os.environ["TDCRAWL_ALLOW_LOOPBACK"] = "true"
CHECKOUT = Path(__file__).resolve().parents[1]
ROUNDS = 3
_MEMORY = Path("/proc/self/statm")
_LIBC = ctypes.CDLL(None)
_CPU_INFO = Path("/proc/cpuinfo")


def describe_machine() -> dict[str, Any]:
    """Describe this machine: cores, memory in GiB, CPU model, Python version and system."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "cpu": _cpu_model(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a crawl that is measured: with these settings, and none of whoever measures."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("TDCRAWL_")}
    return others | {"TDCRAWL_ALLOW_LOOPBACK": "true"} | dict(ours)


def measured(command: Sequence[str], env: Mapping[str, str] | None = None) -> tuple[dict[str, Any], float, float]:
    """Run a command that prints JSON, in a process of its own; gives that, its seconds, and its most memory in MiB."""
    begun = time.perf_counter()
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        answer = json.loads(process.stdout.read() or b"{}")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        fail(f"{' '.join(command)} ended with status {process.returncode}")
    return answer, time.perf_counter() - begun, usage.ru_maxrss / 1024


def parser(description: str) -> argparse.ArgumentParser:
    """Build the command line that every benchmark has: --rounds and --json."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    made.add_argument("--rounds", type=positive, default=ROUNDS, help="take the medians of so many rounds")
    made.add_argument("--json", action="store_true", help="print the figures as one JSON object, as the last line")
    return made


def positive(digits: str) -> int:
    """Read a whole number of 1 or more from the command line; raises ArgumentTypeError."""
    if not digits.isdecimal() or int(digits) < 1:
        raise argparse.ArgumentTypeError(f"{digits!r} is no whole number of 1 or more")
    return int(digits)


def median_of(rounds: Sequence[dict[str, float]], figure: str) -> float:
    """Take the median of a figure over the rounds, to four significant digits."""
    return float(f"{statistics.median(one[figure] for one in rounds):.4g}")


def report(title: str, figures: dict[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    """Print the machine and the figures in words, and as one JSON object where asked."""
    machine = describe_machine()
    words = "{cores} cores of {cpu}, {memory_gib} GiB, {system}, Python {python}".format(**machine)
    print(f"\n{title}\n  on {words}")
    for line in lines:
        print(f"  {line}")
    if as_json:
        print(json.dumps({**figures, "machine": machine}))


def settled_memory() -> int:
    """Give the resident bytes of this process, once what is free has gone back to the system."""
    if not _MEMORY.exists():
        fail("memory is read from /proc, which this system lacks")
    gc.collect()
    if hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(0)
    return int(_MEMORY.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fail(message: str) -> NoReturn:
    """End a benchmark that measured something else than it says."""
    sys.exit(f"This run measures nothing: {message}")


def _cpu_model() -> str:
    lines = _CPU_INFO.read_text().splitlines() if _CPU_INFO.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
