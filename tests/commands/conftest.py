"""Shops to crawl, and crawls of them as a user starts them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.markup import SITES, Markup
from tdcrawl.demo.server import ShopServer, serving
from tdcrawl.store import tables
from tdcrawl.store.engine import open_engine
from tests.conftest import PROJECT, RunScrapy
from tests.messages_server import MessagesServer, messages_server

_SECONDS_BETWEEN_LOOKS = 0.1
TOLERANT = """
[polite]
DOWNLOAD_DELAY = 0
RETRY_TIMES = 0
[expect]
min_records = 0
max_failed_share = 1.0
max_failed_page_share = 1.0
"""
"""What a site file says so that a crawl is quick, and good whatever it finds."""
SITE = (
    """
record_type = "review"
allowed_domains = ["127.0.0.1"]
[start]
urls = ["http://127.0.0.1/"]
[follow]
products = "a.product::attr(href)"
next = "a.next::attr(href)"
[read]
reader = "schema_org"
[read.values]
rating_scale = 5
"""
    + TOLERANT
)

Crawl = Callable[..., "Crawled"]


@dataclass(frozen=True)
class Crawled:
    """Hold what a crawl printed and how it ended."""

    status: int
    figures: dict[str, Any]
    errors: str


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    """Serve votes."""
    with messages_server() as served:
        yield served


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    """Open the practice shop."""
    with serving(practice_shop()) as server:
        yield server


@pytest.fixture
def crawl(run_scrapy: RunScrapy) -> Crawl:
    """Crawl a shop and read the figures it prints as JSON."""

    def run(server: ShopServer, *arguments: str, **env: str) -> Crawled:
        site, start = SITES[server.markup], f"start={server.base_url}/catalogue"
        return crawled(
            run_scrapy("crawl", "retailer_reviews", "--json", "-a", f"site={site}", "-a", start, *arguments, **env)
        )

    return run


def crawled(finished: subprocess.CompletedProcess[str]) -> Crawled:
    """Read what a crawl printed; no traceback is ever for users."""
    assert "Traceback" not in finished.stderr, finished.stderr
    figures = json.loads(finished.stdout) if finished.stdout.strip() else {}
    return Crawled(finished.returncode, figures, finished.stderr)


def count_records(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(tables.records)) or 0


def start_crawl(
    shop: ShopServer, database_url: str, data_dir: Path, *more: str, records: int = 20, **env: str
) -> "subprocess.Popen[str]":
    """Start a slow crawl and return once it has so many records."""
    start = f"start={shop.base_url}/catalogue"
    settings = {"TDCRAWL_DATABASE_URL": database_url, "TDCRAWL_DATA_DIR": str(data_dir)}
    process = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", "retailer_reviews", "--json", "-a", "site=demo_store", "-a", start,
         "-s", "DOWNLOAD_DELAY=0.2", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1", *more],
        cwd=PROJECT, env=os.environ | settings | env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    engine = open_engine(database_url)
    while process.poll() is None and count_records(engine) < records:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_SECONDS_BETWEEN_LOOKS)
    engine.dispose()
    return process


@dataclass(frozen=True)
class Page:
    """Say what a hand-made shop answers at one path; {host} becomes its own host, {agent} who asks, but in no bytes."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = ()  # type: ignore[assignment]  # an immutable default
    sent: bytes | None = None


def review_page(*reviews: Mapping[str, Any], links: str = "", headers: Mapping[str, str] | None = None) -> Page:
    """Build a product page with reviews in JSON-LD."""
    product = {"@context": "https://schema.org", "@type": "Product", "sku": "17", "review": list(reviews)}
    script = json.dumps(product, ensure_ascii=False).replace("</", "<\\/")
    return Page(f'<html><script type="application/ld+json">{script}</script>{links}</html>', headers=headers or {})


def a_review(number: int, **changes: Any) -> dict[str, Any]:
    """Build one good review, different for each number."""
    words = f"review {number} says that this is the best thing number {number * 7} that we ever bought here"
    rating = {"@type": "Rating", "ratingValue": "5", "bestRating": "5"}
    review = {"@type": "Review", "identifier": f"R{number}", "reviewBody": words, "reviewRating": rating}
    return review | changes


@pytest.fixture
def crawl_pages(run_scrapy: RunScrapy, tmp_path: Path) -> Iterator[Callable[..., Crawled]]:
    """Crawl a hand-made shop: pages by path, beginning at /."""
    site = tmp_path / "hand_made.toml"
    site.write_text(SITE)
    with ExitStack() as stack:

        def run(pages: Mapping[str, Page], *arguments: str, asked: list[str] | None = None, **env: str) -> Crawled:
            base_url = stack.enter_context(hand_made(pages, asked))
            start = f"start={base_url}/"
            return crawled(
                run_scrapy("crawl", "retailer_reviews", "--json", "-a", f"site={site}", "-a", start, *arguments, **env)
            )

        yield run


def hand_made(pages: Mapping[str, Page], asked: list[str] | None = None) -> Any:
    """Serve pages by path while the context lasts, and note what is asked for; gives the address of the shop."""
    noted = [] if asked is None else asked

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            noted.append(self.path)
            page = pages.get(self.path, Page(status=404))
            host = self.headers["Host"]
            body = page.body.replace("{host}", host).replace("{agent}", self.headers["User-Agent"] or "")
            content = body.encode("utf-8", "surrogatepass") if page.sent is None else page.sent
            self.send_response(page.status)
            usual = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(content))}
            for name, value in {**usual, **dict(page.headers)}.items():
                self.send_header(name, value.replace("{host}", host))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
            pass

    @contextmanager
    def served() -> Iterator[str]:
        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()

    return served()


@pytest.fixture(params=list(Markup))
def any_shop(request: pytest.FixtureRequest) -> Iterator[ShopServer]:
    """Open the practice shop in each markup in turn."""
    with serving(practice_shop(), request.param) as server:
        yield server
