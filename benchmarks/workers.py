"""Measure what a second worker adds to a crawl: the same two shops, read by one process and by two."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import func, select

from benchmarks import machine
from benchmarks.crawl import POLITENESS, open_shop
from benchmarks.databases import fresh_database, reading, server
from benchmarks.reviews import REVIEWS_A_PAGE
from tdcrawl.outcomes import PageState
from tdcrawl.store.tables import pages

_PAGES = 300
_SITE = """
record_type = "review"
allowed_domains = ["127.0.0.1"]
[start]
urls = {starts}
[follow]
products = "a.product::attr(href)"
next = "a.next::attr(href)"
[read]
reader = "schema_org"
[expect]
min_records = 0
"""


def main() -> None:
    """Crawl in rounds, with one worker and with two, and print pages per second."""
    parser = machine.parser("Pages per second of two workers, against one, on PostgreSQL.")
    parser.add_argument("--pages", type=machine.positive, default=_PAGES, help="product pages of each of two shops")
    parser.add_argument("--database-url", metavar="postgresql://…", help="use this server, not one of our own")
    options = parser.parse_args()
    with ExitStack() as opened:
        database_server = opened.enter_context(server(options.database_url))
        starts = [opened.enter_context(open_shop(options.pages, skip)) for skip in (0, options.pages)]
        rounds = [_round(starts, options.pages, database_server) for _ in range(options.rounds)]
    figures = {name: machine.median_of(rounds, name) for name in rounds[0]}
    title = f"Workers on PostgreSQL: two shops of {options.pages} pages of {REVIEWS_A_PAGE} reviews, medians"
    lines = [f"{workers} worker(s) {figures[f'pages_per_second_{workers}']:8.1f} pages/s" for workers in (1, 2)]
    lines.append(f"ratio: {figures['ratio']:.2f}")
    machine.report(title, {"pages": options.pages, "rounds": options.rounds, **figures}, lines, as_json=options.json)


def _round(starts: Sequence[str], number: int, database_server: str) -> dict[str, float]:
    one, two = (_pages_a_second(starts, number, database_server, workers) for workers in (1, 2))
    return {"pages_per_second_1": one, "pages_per_second_2": two, "ratio": two / one}


def _pages_a_second(starts: Sequence[str], number: int, database_server: str, workers: int) -> float:
    """Crawl both shops; start-up does not count, so it is from the first page that was read to the last."""
    with tempfile.TemporaryDirectory() as folder, fresh_database(database_server, Path(folder)) as database_url:
        site = Path(folder) / "two_shops.toml"
        site.write_text(_SITE.format(starts=json.dumps(starts)), encoding="utf-8")
        settings = {"TDCRAWL_DATA_DIR": folder, "TDCRAWL_DATABASE_URL": database_url, "TDCRAWL_PERSON_KEY": "5e" * 32}
        command = [sys.executable, "-m", "scrapy", "crawl", "retailer_reviews", "--json", "-a", f"site={site}"]
        options = [option for setting in POLITENESS for option in ("-s", setting)]
        processes = [
            subprocess.Popen([*command, *options], cwd=machine.CHECKOUT, env=os.environ | settings,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(workers)
        ]  # fmt: skip
        statuses = [process.wait() for process in processes]
        if any(statuses):
            machine.fail("a crawl broke off")
        first, last, done = _read(database_url)
    if done < len(starts) * number:
        machine.fail(f"{done} pages were read, of {len(starts) * number}")
    return (done - 1) / (last - first).total_seconds()


def _read(database_url: str) -> tuple[datetime, datetime, int]:
    at = pages.c.finished_at
    query = select(func.min(at), func.max(at), func.count()).where(pages.c.state == PageState.DONE)
    with reading(database_url) as engine, engine.connect() as connection:
        first, last, done = connection.execute(query).one()
        return first, last, done


if __name__ == "__main__":
    main()
