"""Measure whether a long crawl grows: the memory of its process against the items it has read, once it is warm."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks import machine
from benchmarks.crawl import POLITENESS
from benchmarks.reviews import REVIEWS_A_PAGE, write_csv
from tdcrawl.demo.catalogue import shop_from_csv
from tdcrawl.demo.server import ShopServer, serving
from tdcrawl.demo.shop import Shop

_ITEMS = 200_000
_SECONDS_BETWEEN_LOOKS = 0.5
# By then what is cached is cached.
_WARM = 0.5
_VARIANTS = {
    "all_stages": (),
    # The index holds each record, on purpose. With all seats taken there are none to hold, and nothing should grow.
    "no_new_records": ('TDCRAWL_QUOTA={"positive": 1, "neutral": 1, "negative": 1}',),
}


def main() -> None:
    """Crawl a large shop, with room for its records and without, and print the growth."""
    parser = machine.parser("Bytes by which a crawl grows with each item, after half of them.")
    parser.add_argument("--items", type=machine.positive, default=_ITEMS, help="reviews in the shop")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        reviews = Path(folder) / "reviews.csv"
        write_csv(reviews, options.items)
        shop = shop_from_csv(reviews)
        figures = {name: _growth(shop, options.items, settings) for name, settings in _VARIANTS.items()}
    lines = [
        f"{name:<24} {grown['bytes_an_item']:8.0f} bytes an item, {grown['most_mib']:6.0f} MiB at most"
        for name, grown in figures.items()
    ]
    machine.report(f"Memory of a crawl of {options.items} items", {"items": options.items, **figures}, lines,
                   as_json=options.json)  # fmt: skip


def _growth(shop: Shop, items: int, settings: tuple[str, ...]) -> dict[str, float]:
    with serving(shop) as server, tempfile.TemporaryDirectory() as folder:
        seen = np.array(_watched(server, folder, settings))
    if seen[-1, 0] < items:
        machine.fail(f"{seen[-1, 0]} items were read, of {items}")
    # What is fetched last is followed by the end of the run, which writes its feeds.
    warm = seen[(seen[:, 0] > _WARM * items) & (seen[:, 0] < items)]
    slope, _ = np.polyfit(warm[:, 0], warm[:, 1], 1)
    return {"bytes_an_item": float(slope), "most_mib": float(seen[:, 1].max() / 2**20)}


def _watched(server: ShopServer, folder: str, settings: tuple[str, ...]) -> list[tuple[int, int]]:
    """Crawl, and note now and then how many items were fetched and how many bytes the process holds."""
    command = [sys.executable, "-m", "scrapy", "crawl", "retailer_reviews", "--json", "-a", "site=demo_store"]
    options = [option for setting in (*POLITENESS, *settings) for option in ("-s", setting)]
    environment = os.environ | {"TDCRAWL_DATA_DIR": folder}
    seen = []
    with subprocess.Popen(
        [*command, "-a", f"start={server.base_url}/catalogue", *options],
        cwd=machine.CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True,
    ) as crawl:  # fmt: skip
        while crawl.poll() is None:
            # Copied at once: the shop's threads go on counting.
            fetched = sum(hits for address, hits in list(server.hits.items()) if address.startswith("/product/"))
            with suppress(OSError, IndexError):  # It may just have ended.
                pages = int(Path(f"/proc/{crawl.pid}/statm").read_text(encoding="ascii").split()[1])
                seen.append((fetched * REVIEWS_A_PAGE, pages * os.sysconf("SC_PAGE_SIZE")))
            with suppress(subprocess.TimeoutExpired):
                crawl.wait(_SECONDS_BETWEEN_LOOKS)
        assert crawl.stdout is not None
        figures = json.loads(crawl.stdout.read().splitlines()[-1])
    if not figures["balanced"]:
        machine.fail(f"the ledger does not balance: {figures}")
    return seen


if __name__ == "__main__":
    main()
