"""Measure how many pages a second the frontier leases out, to one process and to many at once."""

import asyncio
import multiprocessing
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.databases import fresh_database, server
from tdcrawl.outcomes import PageState
from tdcrawl.store.beginning import take_up
from tdcrawl.store.engine import open_engine
from tdcrawl.store.ledger import Ledger, PageRequest, Run

_PAGES, _HOSTS = 20_000, 16
_PAGES_A_LEASE = 32
_CLIENTS = (1, 4, 16)
_AT_ONCE = 1_000
# A crawl looks again each second; here the last look would weigh too much.
_SECONDS_UNTIL_ANOTHER_LOOK = 0.05


def main() -> None:
    """Lease a frontier out, in rounds, to one process and to several, and print pages per second."""
    parser = machine.parser("Pages per second that the frontier leases out, on SQLite and on PostgreSQL.")
    parser.add_argument("--pages", type=machine.positive, default=_PAGES, help="pages that wait, on 16 hosts")
    parser.add_argument("--database-url", metavar="postgresql://…", help="use this server, not one of our own")
    options = parser.parse_args()
    with server(options.database_url) as database_server:
        rounds = [_round(options.pages, database_server) for _ in range(options.rounds)]
    figures = {name: machine.median_of(rounds, name) for name in rounds[0]}
    title = f"Frontier: {options.pages} pages, {_PAGES_A_LEASE} a lease, medians of {options.rounds} rounds"
    lines = (f"{name.replace('_', ' '):<24} {figure:8.0f} pages/s" for name, figure in figures.items())
    machine.report(title, {"pages": options.pages, "leased_per_second": figures}, lines, as_json=options.json)


def _round(pages: int, database_server: str) -> dict[str, float]:
    on_server = {
        f"postgresql_{number}_clients": _leased_a_second(pages, number, database_server) for number in _CLIENTS
    }
    return {"sqlite_1_client": _leased_a_second(pages, 1, None)} | on_server


def _leased_a_second(pages: int, clients: int, database_server: str | None) -> float:
    with tempfile.TemporaryDirectory() as folder, fresh_database(database_server, Path(folder)) as database_url:
        first = _join(database_url)
        asyncio.run(_fill(first, pages))
        # Each client is forked from a process that has the libraries loaded, and nothing else.
        forking = multiprocessing.get_context("forkserver")
        barrier = forking.Barrier(clients + 1)
        results = forking.SimpleQueue()
        processes = [forking.Process(target=_client, args=(database_url, barrier, results)) for _ in range(clients)]
        # A crawl of one process only, as SQLite wants it, while the clients are still starting.
        first.leave()
        for process in processes:
            process.start()
        barrier.wait()
        begun = time.perf_counter()
        leased = sum(results.get() for _ in processes)
        seconds = time.perf_counter() - begun
        for process in processes:
            process.join()
        first.engine.dispose()
    if leased != pages:
        machine.fail(f"{leased} pages were leased, of {pages}")
    return pages / seconds


def _client(database_url: str, barrier: Barrier, results: "multiprocessing.SimpleQueue[int]") -> None:
    """Lease pages until there are none, in a process of its own."""
    ledger = _join(database_url)
    barrier.wait()
    results.put(asyncio.run(_lease_all(ledger)))
    ledger.leave()
    ledger.engine.dispose()


def _join(database_url: str) -> Ledger:
    run = Run(f"run-{time.time_ns()}", "benchmark", "benchmark", "review", "0", datetime.now(UTC))
    return Ledger(open_engine(database_url), run, partial(take_up, starts=[], again=False))


async def _fill(ledger: Ledger, pages: int) -> None:
    urls = [f"https://{number % _HOSTS}.example/{number}" for number in range(pages)]
    wanted = [PageRequest(url[8:], url, url, {"callback": "parse", "meta": {}}) for url in urls]
    for start in range(0, pages, _AT_ONCE):
        await ledger.schedule(wanted[start : start + _AT_ONCE])


async def _lease_all(ledger: Ledger) -> int:
    """Lease and end pages, as a crawl that takes no time for reading them would."""
    leased = 0
    while True:
        lease = await ledger.lease(_PAGES_A_LEASE)
        leased += len(lease.pages)
        if lease.pages:
            await asyncio.gather(*(ledger.close_page(page.page_id, PageState.DONE) for page in lease.pages))
        elif lease.more:
            await asyncio.sleep(_SECONDS_UNTIL_ANOTHER_LOOK)
        else:
            return leased


if __name__ == "__main__":
    main()
