"""A quota steers a crawl: what is asked of the shop last is what only feeds full strata. The shop tells the order."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from benchmarks.reviews import REVIEWS_A_PAGE, invent_reviews
from tdcrawl.demo.server import ShopServer, serving
from tdcrawl.demo.shop import Product, Shop, ShopReview
from tdcrawl.store.engine import open_engine
from tdcrawl.store.tables import pages, runs
from tdcrawl.store.verify import check_ledger
from tests.commands.conftest import SITE, Crawl
from tests.conftest import PROJECT

PRODUCTS, PAGES, WITH_NEGATIVES = 8, 2, ("3", "6")
QUOTA = '{"positive": 20, "negative": 500}'
ONE_BY_ONE = ("-s", "CONCURRENT_REQUESTS=1", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1")
ALL = PRODUCTS * PAGES + 1


def uneven_shop(skip: int = 0) -> Shop:
    """Invent a shop of which two products alone have negative reviews; `skip` products are another shop's."""
    each = PAGES * REVIEWS_A_PAGE
    texts = [review["text"] for review in invent_reviews((skip + PRODUCTS) * each)][skip * each :]

    def review(number: int) -> ShopReview:
        is_negative = str(1 + number // each) in WITH_NEGATIVES and number % 2 == 0
        return ShopReview(f"R{skip}-{number}", texts[number], "1" if is_negative else "5")

    reviews = [review(number) for number in range(PRODUCTS * each)]
    shelves = [tuple(reviews[place * each : (place + 1) * each]) for place in range(PRODUCTS)]
    return Shop("Uneven", tuple(Product(str(1 + place), "Thing", shelf) for place, shelf in enumerate(shelves)))


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    """Open it."""
    with serving(uneven_shop()) as server:
        yield server


def turned(shop: ShopServer) -> list[str]:
    """List the turned pages in the order in which they were asked for first."""
    return [address.removeprefix("/product/") for address in shop.hits if "page=" in address]


def found(database_url: str, query: Any) -> list[Any]:
    engine = open_engine(database_url)
    check = check_ledger(engine)
    assert (check.problems, check.items["pending"], check.pages["pending"]) == ([], 0, 0)
    with engine.connect() as connection:
        rows = list(connection.scalars(query))
    engine.dispose()
    return rows


def test_crawl_reads_last_what_only_feeds_full_strata(shop: ShopServer, crawl: Crawl, tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path}/steered.db"
    crawled = crawl(shop, *ONE_BY_ONE, TDCRAWL_QUOTA=QUOTA, TDCRAWL_DATABASE_URL=database_url)
    assert (crawled.figures["reason"], crawled.figures["pages"]["done"]) == ("finished", ALL)
    # Which of two that wait is asked for first is Scrapy's to say.
    assert set(turned(shop)[:2]) == {"3?page=2", "6?page=2"}
    assert len(turned(shop)) == PRODUCTS * (PAGES - 1)
    (stats,) = found(database_url, select(runs.c.stats))
    went_back = found(database_url, select(pages.c.page_id).where(pages.c.priority < 0))
    assert stats["tdcrawl/pages/put_back"] == len(went_back) >= PRODUCTS // 2


def test_crawl_knows_what_pages_feed_when_it_was_killed(shop: ShopServer, crawl: Crawl, database_url: str) -> None:
    env = {"TDCRAWL_QUOTA": QUOTA, "TDCRAWL_DATABASE_URL": database_url}
    killed = crawl(shop, *ONE_BY_ONE, **env, TDCRAWL_FAULT="after_page_done:7:kill9")
    assert (killed.status, turned(shop)) == (-signal.SIGKILL, [])
    resumed = crawl(shop, *ONE_BY_ONE, **env)
    assert (resumed.figures["reason"], resumed.figures["pages"]["done"]) == ("finished", ALL)
    assert set(turned(shop)[:2]) == {"3?page=2", "6?page=2"}
    assert len(found(database_url, select(pages.c.page_id).where(pages.c.priority < 0))) >= PRODUCTS // 2


def test_two_workers_share_what_pages_feed(postgresql_database: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        shops = [stack.enter_context(serving(uneven_shop(skip))) for skip in (0, PRODUCTS)]
        starts = json.dumps([f"{one.base_url}/catalogue" for one in shops])
        (tmp_path / "two_hosts.toml").write_text(SITE.replace('["http://127.0.0.1/"]', starts))
        processes = [stack.enter_context(started(tmp_path, postgresql_database)) for _ in shops]
        assert [process.wait(timeout=120) for process in processes] == [0, 0]
        assert [set(turned(one)[:2]) for one in shops] == [{"3?page=2", "6?page=2"}] * 2
    assert len(set(found(postgresql_database, select(pages.c.leased_by)))) == 2


@contextmanager
def started(folder: Path, database_url: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a process that crawls the site of two shops, slowly enough for another to take its part."""
    command = [sys.executable, "-m", "scrapy", "crawl", "retailer_reviews", "-a", f"site={folder}/two_hosts.toml"]
    env = {"TDCRAWL_QUOTA": QUOTA, "TDCRAWL_DATABASE_URL": database_url, "TDCRAWL_DATA_DIR": str(folder)}
    env |= {"TDCRAWL_PERSON_KEY": "5e" * 32}
    with subprocess.Popen(
        [*command, *ONE_BY_ONE, "-s", "DOWNLOAD_DELAY=0.2"], cwd=PROJECT, env=os.environ | env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
