"""Kill crawls at random and run them again until they say that they finished: what is lost, what is there twice?"""

import json
import os
import random
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import select

from benchmarks import machine
from benchmarks.reviews import REVIEWS_A_PAGE, write_csv
from tdcrawl.demo.catalogue import shop_from_csv
from tdcrawl.demo.server import ShopServer, serving
from tdcrawl.store.engine import open_engine
from tdcrawl.store.tables import records
from tdcrawl.store.verify import check_ledger

_PAGES, _KILLS, _KILLS_OF_OTHERS = 100, 20, 10
_MOST_PAGES_BEFORE_A_KILL = 40
_SECONDS_BETWEEN_LOOKS = 0.002
_FAST = ("-s", "DOWNLOAD_DELAY=0", "-s", "CONCURRENT_REQUESTS=16", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=16")
_PLAIN = Path(__file__).with_name("soak_plain.py")


Kept = tuple[list[str], list[str]]


@dataclass(frozen=True)
class Way:
    """Hold a way to crawl: the command for a catalogue, where it is run, and what it kept and left in a folder."""

    command: Callable[[str], Sequence[str]]
    in_project: bool
    kept: Callable[[Path], Kept]


@dataclass
class Toll:
    """Add up what became of the reviews of all crawls of one way."""

    kills: int = 0
    crawls: int = 0
    items: int = 0
    lost: int = 0
    double: int = 0
    problems: list[str] = field(default_factory=list)


def main() -> None:
    """Kill each way to crawl so many times, and print what that cost."""
    parser = machine.parser("Items lost and double over random kills, beside Scrapy's JOBDIR.")
    parser.add_argument("--kills", type=machine.positive, default=_KILLS, help="how often tdcrawl is killed")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the moments of the kills")
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 - it chooses moments
    kills = {"tdcrawl": options.kills} | dict.fromkeys(_OTHERS, min(options.kills, _KILLS_OF_OTHERS))
    tolls = {name: _attack(way, kills[name], chance) for name, way in _WAYS.items()}
    title = f"Killed at random, seed {options.seed}: crawls of {_PAGES} pages of {REVIEWS_A_PAGE} reviews"
    lines = [f"{'':<22} {'kills':>6} {'crawls':>6} {'items':>8} {'lost':>8} {'double':>8}"]
    lines += [
        f"{name:<22} {toll.kills:>6} {toll.crawls:>6} {toll.items:>8,} {toll.lost:>8,} {toll.double:>8,}"
        for name, toll in tolls.items()
    ]
    figures = {name: vars(toll) for name, toll in tolls.items()}
    machine.report(title, {"seed": options.seed, "ways": figures}, lines, as_json=options.json)
    if tolls["tdcrawl"].problems:
        sys.exit("\n".join(tolls["tdcrawl"].problems))


def _attack(way: Way, kills: int, chance: random.Random) -> Toll:
    toll = Toll()
    while toll.kills < kills:
        with tempfile.TemporaryDirectory() as folder, _shop(Path(folder)) as server:
            toll.kills += _crawl_until_finished(way, server, Path(folder), kills - toll.kills, chance)
            kept, problems = way.kept(Path(folder))
        expected = _PAGES * REVIEWS_A_PAGE
        toll.crawls += 1
        toll.items += expected
        toll.lost += expected - len(set(kept))
        toll.double += len(kept) - len(set(kept))
        toll.problems += problems
    return toll


def _shop(folder: Path) -> Any:
    write_csv(folder / "reviews.csv", _PAGES * REVIEWS_A_PAGE)
    return serving(shop_from_csv(folder / "reviews.csv"))


def _crawl_until_finished(way: Way, server: ShopServer, folder: Path, most: int, chance: random.Random) -> int:
    """Kill a crawl at most so many times, and run it again until it ends by itself; gives how often it was killed."""
    for killed in range(most):
        if not _kill_after(way, server, folder, chance.randint(1, _MOST_PAGES_BEFORE_A_KILL)):
            return killed
    _kill_after(way, server, folder, None)
    return most


def _kill_after(way: Way, server: ShopServer, folder: Path, requests: int | None) -> bool:
    """Crawl until the shop has had so many requests; says whether the crawl had to be killed."""
    before = server.hits.total()
    process = subprocess.Popen(
        way.command(f"{server.base_url}/catalogue"),
        cwd=machine.CHECKOUT if way.in_project else folder,
        env=os.environ | {"TDCRAWL_DATA_DIR": str(folder)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None:
        if requests is not None and server.hits.total() - before >= requests:
            process.kill()
            process.wait()
            return True
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    if process.returncode:
        # It would never be killed, and so be tried for ever.
        machine.fail(f"a crawl ended by itself with status {process.returncode}")
    return False


def _ours(start: str) -> Sequence[str]:
    crawl = [sys.executable, "-m", "scrapy", "crawl", "retailer_reviews", "-a", "site=demo_store"]
    return [*crawl, "-a", f"start={start}", *_FAST]


def _plain(*more: str) -> Callable[[str], Sequence[str]]:
    def command(start: str) -> Sequence[str]:
        run = [sys.executable, "-m", "scrapy", "runspider", str(_PLAIN), "-a", f"start={start}"]
        return [*run, "-s", "JOBDIR=job", *_FAST, *more]

    return command


def _kept_by_us(folder: Path) -> Kept:
    engine = open_engine(f"sqlite:///{folder}/tdcrawl.db")
    check = check_ledger(engine)
    left = {"items": check.items["pending"], "pages": check.pages["pending"]}
    problems = [*check.problems, *(f"{number} {what} are pending" for what, number in left.items() if number)]
    with engine.connect() as connection:
        kept = [data["review_id"] for data in connection.scalars(select(records.c.data))]
    engine.dispose()
    return kept, problems


def _kept_in_lines(folder: Path) -> Kept:
    lines = folder / "items.jsonl"
    read = lines.read_text().splitlines() if lines.exists() else []
    return [json.loads(line)["review_id"] for line in read], []


def _kept_in_batches(folder: Path) -> Kept:
    with sqlite3.connect(folder / "items.db") as database:
        return [review_id for (review_id,) in database.execute("SELECT review_id FROM items")], []


_OTHERS = {
    "JOBDIR, feed": Way(_plain("-o", "items.jsonl"), in_project=False, kept=_kept_in_lines),
    "JOBDIR, batch writer": Way(
        _plain("-s", 'ITEM_PIPELINES={"soak_plain.BatchWriter": 300}'), in_project=False, kept=_kept_in_batches
    ),
}
_WAYS = {"tdcrawl": Way(_ours, in_project=True, kept=_kept_by_us)} | _OTHERS


if __name__ == "__main__":
    main()
