"""Measure what the stages cost a crawl: the same spider over the same loopback shop, with all of them and with none."""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.databases import fresh_database
from benchmarks.reviews import REVIEWS_A_PAGE, write_csv

_PAGES = 300
_NO_STAGES = ("ITEM_PIPELINES={}",)
VARIANTS = {
    "all_stages": (),
    "no_stages": _NO_STAGES,
    # The same pages, reader and archive; no ledger, no progress line, no stages, and Scrapy's own item processor.
    "bare": (
        *_NO_STAGES,
        "ITEM_PROCESSOR=scrapy.pipelines.ItemPipelineManager",
        'SPIDER_MIDDLEWARES={"benchmarks.bare.NoLedger": 10}',
        'EXTENSIONS={"tdcrawl.extensions.run_report.RunReport": 600}',
    ),
}
POLITENESS = ("DOWNLOAD_DELAY=0", "CONCURRENT_REQUESTS=16", "CONCURRENT_REQUESTS_PER_DOMAIN=16")


def main() -> None:
    """Crawl a shop in rounds, on SQLite and on the PostgreSQL server that was named, and print the ratios."""
    parser = machine.parser("Pages per second with all stages, against the same crawl with ITEM_PIPELINES empty.")
    parser.add_argument("--pages", type=machine.positive, default=_PAGES, help="product pages of 20 reviews each")
    parser.add_argument("--database-url", metavar="postgresql://…", help="also on this server, in databases of its own")
    options = parser.parse_args()
    databases = {"sqlite": None} | ({"postgresql": options.database_url} if options.database_url else {})
    with open_shop(options.pages) as address:
        figures = {name: _figures(address, options.pages, options.rounds, server) for name, server in databases.items()}
    lines = [line for name, measured in figures.items() for line in _in_words(name, measured)]
    title = f"Crawl: {options.pages} product pages of {REVIEWS_A_PAGE} reviews, medians of {options.rounds} rounds"
    everything = {"pages": options.pages, "rounds": options.rounds, **figures}
    machine.report(title, everything, lines, as_json=options.json)


def _figures(address: str, pages: int, rounds: int, server: str | None) -> dict[str, float]:
    """Crawl in rounds; a round's ratio is of crawls that ran next to each other."""
    measured = [_round(address, pages, server, turn) for turn in range(rounds)]
    return {figure: machine.median_of(measured, figure) for figure in measured[0]}


def _round(address: str, pages: int, server: str | None, turn: int) -> dict[str, float]:
    # Each round another variant comes first: what warms the machine, or tires it, does so for all.
    names = [*VARIANTS][turn % len(VARIANTS) :] + [*VARIANTS][: turn % len(VARIANTS)]
    crawls = {name: _crawl(address, pages, server, VARIANTS[name]) for name in names}
    seconds = {name: reading for name, (reading, _) in crawls.items()}
    return {
        **{f"{name}_pages_per_second": pages / seconds[name] for name in VARIANTS},
        **{f"{name}_seconds_to_exit": crawls[name][1] for name in VARIANTS},
        "all_stages_records_per_second": pages * REVIEWS_A_PAGE / seconds["all_stages"],
        "ratio": seconds["no_stages"] / seconds["all_stages"],
        "ratio_to_bare": seconds["bare"] / seconds["all_stages"],
        "ledger_ratio": seconds["bare"] / seconds["no_stages"],
    }


def _crawl(address: str, pages: int, server: str | None, settings: Sequence[str]) -> tuple[float, float]:
    """Crawl the shop in a process of its own; gives the seconds of the run itself, and those from start to exit.

    The ledger is checked after the run, and feeds are written: what goes wrong there, the first figure does not show.
    """
    with tempfile.TemporaryDirectory() as folder, fresh_database(server, Path(folder)) as database_url:
        ours = {"TDCRAWL_DATA_DIR": folder, "TDCRAWL_DATABASE_URL": database_url}
        arguments = [option for setting in (*POLITENESS, *settings) for option in ("-s", setting)]
        command = [sys.executable, "-m", "scrapy", "crawl", "retailer_reviews", "--json", "-a", "site=demo_store"]
        begun = time.perf_counter()
        finished = subprocess.run(
            [*command, "-a", f"start={address}", *arguments],
            cwd=machine.CHECKOUT, env=machine.environment(ours), check=False, capture_output=True, text=True,
        )  # fmt: skip
        to_exit = time.perf_counter() - begun
        # Without stages no item reaches its outcome, and the ledger rightly complains.
        return _seconds(finished, pages * REVIEWS_A_PAGE, balanced=not settings), to_exit


def _seconds(finished: subprocess.CompletedProcess[str], reviews: int, *, balanced: bool) -> float:
    try:
        figures = json.loads(finished.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        machine.fail(f"a crawl broke off\n{finished.stderr}")
    if figures["items"]["yielded"] != reviews or (balanced and not figures["balanced"]):
        machine.fail(f"a crawl did not read the {reviews} reviews of the shop: {figures}\n{finished.stderr}")
    seconds: float = figures["seconds"]
    return seconds


@contextmanager
def open_shop(pages: int, skip: int = 0) -> Iterator[str]:
    """Open a shop in a process of its own and give the address of its catalogue; `skip` pages are another shop's."""
    with tempfile.TemporaryDirectory() as folder:
        reviews = Path(folder) / "reviews.csv"
        write_csv(reviews, pages * REVIEWS_A_PAGE, skip * REVIEWS_A_PAGE)
        command = [sys.executable, "-m", "tdcrawl.demo", "serve", "--port", "0", "--reviews", str(reviews)]
        with subprocess.Popen(command, cwd=machine.CHECKOUT, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                open_at = re.search(r"http://\S+", server.stdout.readline())
                if open_at is None:
                    machine.fail("the shop did not open")
                yield open_at[0]
            finally:
                server.terminate()


def _in_words(database: str, figures: dict[str, float]) -> Iterator[str]:
    yield f"{database}:"
    for name in VARIANTS:
        speed, to_exit = figures[f"{name}_pages_per_second"], figures[f"{name}_seconds_to_exit"]
        yield f"  {name:<10} {speed:8.1f} pages/s, {to_exit:5.1f} s from start to exit"
    yield f"  {figures['all_stages_records_per_second']:.0f} records/s with all stages"
    yield f"  ratio: {figures['ratio']:.2f} to no stages, {figures['ratio_to_bare']:.2f} to bare Scrapy"
    yield f"  frontier and ledger without stages: {figures['ledger_ratio']:.2f} of Scrapy's queue in memory"


if __name__ == "__main__":
    main()
