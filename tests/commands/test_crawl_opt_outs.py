"""A shop that opts out of training yields nothing and says why; one that does so later is in no version after it."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.verify import verify_version
from tdcrawl.datasets.version import freeze
from tdcrawl.errors import DatasetError
from tdcrawl.store.engine import open_engine
from tdcrawl.store.permission_tables import permissions
from tdcrawl.store.tables import pages, records
from tests.commands.conftest import SITE, Crawled, Page, a_review, crawled, hand_made, review_page
from tests.conftest import RunScrapy
from tests.datasets.test_version import SPLITS, rows

SAYS_NO = Page("User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n")
WHY = "robots.txt: Content-Signal ai-train=no"


def crawl(run_scrapy: RunScrapy, folder: Path, base_url: str, *more: str) -> Crawled:
    site = folder / "hand_made.toml"
    site.write_text(SITE)
    at = ("-a", f"site={site}", "-a", f"start={base_url}/")
    return crawled(run_scrapy("crawl", "retailer_reviews", "--json", *at, *more))


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    """Open the database of the crawls of a test."""
    engine = open_engine(f"sqlite:///{tmp_path}/data/tdcrawl.db")
    yield engine
    engine.dispose()


def stored(engine: Engine, table: Any, *columns: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*(table.c[name] for name in columns)))]


def test_a_shop_that_opts_out_later_leaves_v1_intact_and_v2_without_it(
    run_scrapy: RunScrapy, tmp_path: Path, ledger: Engine
) -> None:
    shop = {"/": review_page(*map(a_review, range(4)), links='<a class="product" href="/two">2</a>')}
    shop |= {"/two": review_page(*map(a_review, range(4, 8)))}
    asked: list[str] = []
    with hand_made(shop, asked) as base_url:
        collected = crawl(run_scrapy, tmp_path, base_url).figures["items"]["record"]
        frozen = freeze(ledger, FreezePlan("v1", balance=Balance.NONE), tmp_path)
        assert frozen.rows == collected > 4
        shop["/robots.txt"] = SAYS_NO
        asked.clear()
        again = crawl(run_scrapy, tmp_path, base_url, "-a", "again=1")
    host = base_url.removeprefix("http://")
    assert asked == ["/robots.txt", "/.well-known/tdmrep.json", "/ai.txt"], "no page is fetched"
    assert again.figures["page_reasons"]["skipped"] == {"opted_out": 1}
    assert f"{host} has opted out of AI training: {WHY}" in again.figures["warnings"]
    with pytest.raises(DatasetError, match=f"the sources of all {collected} have opted out of training since"):
        freeze(ledger, FreezePlan("v2", balance=Balance.NONE), tmp_path)
    assert verify_version(ledger, "v1") == []
    assert sum(len(rows(tmp_path / "v1", split)) for split in SPLITS) == collected
    verdicts = stored(ledger, permissions, "host", "verdict")
    assert verdicts == [(host, "allowed"), (host, "opted_out")]
    (skipped,) = [row for row in stored(ledger, pages, "state", "detail", "archive_file") if row[0] == "skipped"]
    assert skipped == ("skipped", WHY, None)


def test_pages_that_opt_out_yield_nothing_beside_others_that_do_not(
    run_scrapy: RunScrapy, tmp_path: Path, ledger: Engine
) -> None:
    links = "".join(f'<a class="product" href="/{name}">x</a>' for name in ("header", "meta", "path", "license"))
    forbids = '<license><prohibits type="usage">ai-train</prohibits></license>'
    shop = {
        "/": review_page(a_review(1), links=links, headers={"X-Robots-Tag": "noml"}),
        "/header": review_page(a_review(2), headers={"X-Robots-Tag": "noindex, noai"}),
        "/meta": review_page(a_review(3), links='<meta name="tdm-reservation" content="1">'),
        "/path": review_page(a_review(4)),
        "/license": review_page(a_review(5)),
        "/.well-known/tdmrep.json": Page('[{"location": "/path", "tdm-reservation": 1}]'),
        "/robots.txt": Page("License: /l.xml\nUser-agent: *\nAllow: /\n"),
        "/l.xml": Page(f'<rsl xmlns="https://rslstandard.org/rsl"><content url="/license">{forbids}</content></rsl>'),
    }
    asked: list[str] = []
    with hand_made(shop, asked) as base_url:
        found = crawl(run_scrapy, tmp_path, base_url)
        assert found.figures["items"]["record"] == 1
        assert found.figures["page_reasons"]["skipped"] == {"opted_out": 4}
        said = {
            row[0].removeprefix(base_url): row[1:] for row in stored(ledger, pages, "url", "detail", "archive_file")
        }
        ((record_id,),) = stored(ledger, records, "record_id")
        told = run_scrapy("explain", record_id, "--json")
    assert said.pop("/")[0] is None
    assert said == {
        "/header": ("header: X-Robots-Tag noai", None),
        "/meta": ("meta: tdm-reservation 1", None),
        "/path": ("tdmrep.json: tdm-reservation 1", None),
        "/license": (f"License: {base_url}/l.xml prohibits ai-train", None),
    }
    assert {"/path", "/license"}.isdisjoint(asked)
    printed = run_scrapy("explain", record_id).stdout
    assert "allowed, its page, read " in printed
    assert "robots.txt (sha256 " in printed.replace("\n", "")
    of_page, of_host = json.loads(told.stdout)["permissions"]
    assert (of_page["verdict"], of_page["unknown"]) == ("allowed", ["X-Robots-Tag noml"])
    assert (of_host["verdict"], [file["status"] for file in of_host["files"]]) == ("in_part", [200, 200, 404, 200])
    assert len(stored(ledger, permissions, "permission_id")) == 4, "one of the host, one of each page that says more"


def test_a_licence_on_another_site_is_not_fetched_and_so_it_is_no_permission(
    run_scrapy: RunScrapy, tmp_path: Path
) -> None:
    elsewhere: list[str] = []
    with hand_made({}, elsewhere) as other:
        url = f"{other.replace('127.0.0.1', 'localhost')}/l.xml"
        with hand_made({"/robots.txt": Page(f"License: {url}\n"), "/": review_page(a_review(1))}) as base_url:
            found = crawl(run_scrapy, tmp_path, base_url)
    assert elsewhere == []
    assert found.figures["page_reasons"]["skipped"] == {"opted_out": 1}
    assert f"has opted out of AI training: License: {url} cannot be read" in "\n".join(found.figures["warnings"])
