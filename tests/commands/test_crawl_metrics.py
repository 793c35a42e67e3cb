"""A crawl is watched through its metrics while it runs; where they cannot be had it does not begin."""

import re
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.commands.conftest import Crawled, Page, a_review, review_page
from tests.conftest import RunScrapy
from tests.services import free_port
from tests.waiting import wait_until

CrawlPages = Callable[..., Crawled]


class HeldShop(dict[str, Page]):
    """Answer at /held only once `free` is set, and set `asked` before."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        super().__init__(pages)
        self.asked, self.free = Event(), Event()

    def get(self, path: str, default: Page) -> Page:  # type: ignore[override]  # a page, always
        """Find a page."""
        if path == "/held":
            self.asked.set()
            self.free.wait()
        return super().get(path, default)


def scraped(port: int) -> dict[str, float]:
    """Fetch the metrics, without the label that all have; none before the crawl answers."""
    with suppress(URLError), urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = re.findall(r"^(tdcrawl_.*) (\S+)$", answer.read().decode(), re.MULTILINE)
        return {re.sub(r',?site="hand_made"', "", name): float(number) for name, number in lines}
    return {}


def pages_read(seen: dict[str, float]) -> float:
    return sum(number for name, number in seen.items() if name.startswith("tdcrawl_pages_total"))


def test_metrics_of_a_running_crawl_are_those_of_the_ledger(crawl_pages: CrawlPages) -> None:
    links = '<a class="product" href="/held">1</a><a class="product" href="/gone">2</a>'
    shop = HeldShop({"/": review_page(a_review(1), a_review(1, identifier="R2"), links=links), "/held": Page("<html>")})
    port, seen = free_port(), dict[str, float]()

    def all_but_the_held_page() -> bool:
        seen.update(scraped(port))
        return pages_read(seen) >= 2 or crawl.done()

    with ThreadPoolExecutor() as pool:
        crawl = pool.submit(crawl_pages, shop, "-s", f"TDCRAWL_METRICS_PORT={port}")
        shop.asked.wait()
        wait_until(all_but_the_held_page)
        shop.free.set()
    figures = crawl.result().figures
    items, pages = figures["items"], figures["pages"]
    assert {name: seen[f'tdcrawl_items{{bucket="{name}"}}'] for name in ("record", "duplicate")} == {
        name: items[name] for name in ("record", "duplicate")
    }
    assert (seen["tdcrawl_items_yielded_total{}"], items["yielded"]) == (2, 2)
    assert (seen["tdcrawl_pages_scheduled_total{}"], pages["scheduled"]) == (3, 3)
    assert (seen['tdcrawl_pages_total{reason="",state="done"}'], pages["done"]) == (1, 2)
    assert (seen["tdcrawl_pages_in_hand{}"], seen["tdcrawl_items_in_flight{}"]) == (1, 0)


@pytest.mark.parametrize(("port", "message"), [("taken", "Address already in use"), ("many", "give a number")])
def test_crawl_when_its_metrics_cannot_be_had(run_scrapy: RunScrapy, tmp_path: Path, port: str, message: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = port.replace("taken", str(server.getsockname()[1]))
        finished = run_scrapy("crawl", "retailer_reviews", "-a", "site=demo_store", TDCRAWL_METRICS_PORT=told)
    assert finished.returncode == 2
    assert "TDCRAWL_METRICS_PORT: " in finished.stderr
    assert message in finished.stderr
    assert not (tmp_path / "data").exists()
