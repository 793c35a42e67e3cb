"""Measure what it takes to fill the seats of a rare stratum: requests for each record of it, steered and not."""

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import select

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.databases import fresh_database, reading
from benchmarks.reviews import REVIEWS_A_PAGE, invent_reviews
from benchmarks.until_full import REQUESTS
from tdcrawl.demo.catalogue import shop_from_csv
from tdcrawl.demo.server import serving
from tdcrawl.store.tables import runs

_PRODUCTS, _PAGES = 80, 5
_RARE, _IN_ONE_OF = 0.1, 5
_SEED = 8717
_SETTINGS = {
    "DOWNLOAD_DELAY": "0",
    # A page after the other, as where a site's delay is what takes time: how far a crawl without one reads ahead of
    # what it has settled is chance, and pages that are held are past being put back.
    "CONCURRENT_REQUESTS": "1",
    "SCRAPER_SLOT_MAX_ACTIVE_SIZE": "1",
    "UNTIL_FULL": "negative",
    "EXTENSIONS": json.dumps(
        {
            "benchmarks.until_full.UntilFull": 100,
            "tdcrawl.extensions.drain.Drain": 400,
            "tdcrawl.extensions.run_report.RunReport": 600,
        }
    ),
}
Shop = Callable[[int], float]
"""Says how probable a negative review of a product is, which is given by its place."""
SHOPS: dict[str, Shop] = {
    "in_some_products": lambda place: _RARE * _IN_ONE_OF if place % _IN_ONE_OF == 0 else 0,
    "in_different_shares": lambda place: (0, 0.02, 0.05, 0.1, 0.33)[place % 5],
    "spread_evenly": lambda _: _RARE,
}


def main() -> None:
    """Crawl shops, steered and in the order of links, until half of what is rare is collected; print the ratios."""
    parser = machine.parser(
        "Requests for each record of a rare stratum: steered by the quota, and in the order of links."
    )
    parser.add_argument("--products", type=machine.positive, default=_PRODUCTS, help="products of each invented shop")
    parser.add_argument("--pages", type=machine.positive, default=_PAGES, help="pages of 20 reviews of each product")
    parser.add_argument("--shop", choices=SHOPS, help="this invented shop alone")
    parser.add_argument("--reviews", type=Path, help="a shop of these reviews instead: CSV of product_id, text, rating")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shops = {"given": options.reviews} if options.reviews else _invented(Path(folder), options)
        rounds = {name: [_round(file) for _ in range(options.rounds)] for name, file in shops.items()}
    figures = {
        name: {what: machine.median_of(measured, what) for what in measured[0]} for name, measured in rounds.items()
    }
    title = f"Filling the seats of what is rare, medians of {options.rounds} rounds"
    machine.report(title, figures, _in_words(figures), as_json=options.json)


def _invented(folder: Path, options: argparse.Namespace) -> dict[str, Path]:
    files = {name: folder / f"{name}.csv" for name in SHOPS if options.shop in {None, name}}
    for name, file in files.items():
        _write(file, options.products, options.pages, SHOPS[name])
    return files


def _write(file: Path, products: int, pages: int, shop: Shop) -> None:
    """Write the reviews of a shop: one or five stars."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing here is secret
    a_product = pages * REVIEWS_A_PAGE
    with file.open("w", newline="", encoding="utf-8") as opened:
        rows = csv.writer(opened)
        rows.writerow(["review_id", "product_id", "text", "rating"])
        for turn, review in enumerate(invent_reviews(products * a_product, a_product)):
            rating = 1 if chance.random() < shop(turn // a_product) else 5
            rows.writerow([review["review_id"], review["product_id"], review["text"], rating])


def _round(file: Path) -> dict[str, float]:
    shop = shop_from_csv(file)
    ratings = Counter(review.rating for product in shop.products for review in product.reviews)
    seats = (ratings["1"] + ratings["2"]) // 2
    with serving(shop) as server:
        on, off = (_requests(f"{server.base_url}/catalogue", seats, steer) for steer in ("true", "false"))
    return {"seats": seats, "steered": on / seats, "in_order_of_links": off / seats, "ratio": on / off}


def _requests(address: str, seats: int, steer: str) -> int:
    """Crawl until the seats are taken, in a process of its own; gives how many requests that took."""
    with tempfile.TemporaryDirectory() as folder, fresh_database(None, Path(folder)) as database_url:
        quota = json.dumps({"positive": seats, "negative": seats})
        ours = {"TDCRAWL_DATA_DIR": folder, "TDCRAWL_DATABASE_URL": database_url, "TDCRAWL_QUOTA": quota}
        command = [sys.executable, "-m", "scrapy", "crawl", "retailer_reviews", "--json", "-a", "site=demo_store"]
        arguments = [option for pair in _SETTINGS.items() for option in ("-s", "=".join(pair))]
        finished = subprocess.run(
            [*command, "-a", f"start={address}", *arguments], cwd=machine.CHECKOUT,
            env=machine.environment({**ours, "TDCRAWL_STEER_BY_QUOTA": steer}),
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        with reading(database_url) as engine, engine.connect() as connection:
            stats = connection.scalar(select(runs.c.stats)) or {}
        if REQUESTS not in stats:
            machine.fail(f"a crawl did not find {seats} negative reviews\n{finished.stderr}")
        return int(stats[REQUESTS])


def _in_words(figures: dict[str, dict[str, float]]) -> Iterator[str]:
    for name, measured in figures.items():
        yield f"{name.replace('_', ' ')}, {measured['seats']:.0f} seats:"
        yield f"  {measured['steered']:.3f} requests a record steered, {measured['in_order_of_links']:.3f} not"
        yield f"  ratio: {measured['ratio']:.2f}"
    if "spread_evenly" in figures:
        yield "Where each product has as many of them as any other, there is nothing to steer by."


if __name__ == "__main__":
    main()
