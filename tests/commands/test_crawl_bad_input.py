"""`scrapy crawl` on what goes wrong: a clear message, the right exit status, and nothing collected is lost."""

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.markup import SITES, Markup
from tdcrawl.demo.server import ShopServer, serving
from tdcrawl.store.engine import open_engine
from tdcrawl.store.overview import at_work
from tdcrawl.store.tables import pages, records
from tdcrawl.store.verify import check_ledger
from tests.commands.conftest import SITE, Crawl, Crawled, Page, a_review, review_page, start_crawl
from tests.conftest import PROJECT, RunScrapy
from tests.services import database_gone
from tests.waiting import wait_until

CrawlPages = Callable[..., Crawled]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["-a", "site=demo_stor"], 2, "unknown site 'demo_stor'; did you mean 'demo_store'"),
        (["-a", "site=demo_store", "-a", "limit=many"], 2, "-a limit=many: give a whole number of items"),
        (
            ["-a", "site=demo_store", "-s", "TDCRAWL_DATABASE_URL=postgresql://u:secret@127.0.0.1:1/x"],
            1,
            "cannot use the database postgresql+psycopg://***@127.0.0.1:1/x",
        ),
    ],
)
def test_crawl_when_it_cannot_start(run_scrapy: RunScrapy, arguments: list[str], status: int, message: str) -> None:
    finished = run_scrapy("crawl", "retailer_reviews", *arguments)
    assert finished.returncode == status
    assert message in finished.stderr
    assert "Traceback" not in finished.stderr
    assert "secret" not in finished.stderr


def test_crawl_when_the_spider_is_unknown(run_scrapy: RunScrapy) -> None:
    finished = run_scrapy("crawl", "retailer_review", "-a", "site=demo_store")
    assert finished.returncode == 2
    assert "unknown spider 'retailer_review'; known: job_postings, retailer_reviews" in finished.stderr


def test_crawl_when_the_shop_answers_500(crawl_pages: CrawlPages) -> None:
    crawled = crawl_pages({"/": Page(status=500)}, "-a", "limit=5")
    assert crawled.figures["page_reasons"]["failed"] == {"http_status": 1}
    assert crawled.figures["warnings"] == ["no record was kept:", "  1 pages failed (http_status)"]


def test_crawl_when_no_page_holds_anything_says_so(crawl_pages: CrawlPages) -> None:
    crawled = crawl_pages({"/": Page("<html><p>nothing here")})
    nothing = "  1 pages were read and the reader found no new item on them"
    assert crawled.figures["warnings"] == ["no record was kept:", nothing]


def test_crawl_when_expectations_fail(crawl: Crawl, shop: ShopServer) -> None:
    crawled = crawl(shop, "-a", f"start={shop.base_url}/product/99")
    assert crawled.status == 1
    assert crawled.figures["failures"] == [
        "100.0% of the pages failed; the site's max_failed_page_share is 25.0%",
        "0 believable records were found; the site's min_records is 300",
    ]
    assert crawled.figures["balanced"]


def test_crawl_when_nobody_listens(crawl_pages: CrawlPages) -> None:
    crawled = crawl_pages({}, "-a", "start=http://127.0.0.1:1/")
    assert (crawled.status, crawled.figures["reason"]) == (1, "robots_unavailable")
    assert "http://127.0.0.1:1/robots.txt cannot be read (" in crawled.errors
    assert "run the same command again later" in crawled.errors
    assert crawled.figures["pages"]["pending"] == 1


DECLARED = '<div itemscope itemtype="https://schema.org/AggregateRating"><i itemprop="reviewCount">3</i></div>'
UNREADABLE = '<script type="application/ld+json">{"@type": "Review", </script>'
LATIN = {"Content-Type": "text/html; charset=iso-8859-1"}
UMLAUTS = "Schöne Kanne für den Tee, größer als gedacht, und sie tropft bei uns nie"
# What a shop may answer, and what becomes of it: state, reason, and a part of the detail.
BAD_PAGES: dict[str, tuple[Page, str, str | None, str]] = {
    "empty": (Page(), "done", None, ""),
    "nothing": (Page("<html><p>nothing here"), "done", None, ""),
    "broken": (Page(UNREADABLE), "failed", "parse_error", '{"@type": "Review",'),
    "pdf": (Page("%PDF-1.4 \x00\x01", headers={"Content-Type": "application/pdf"}), "failed", "parse_error", "no text"),
    "gone": (Page(status=404), "failed", "http_status", "HTTP 404"),
    "soft": (Page("<h1>Page not found</h1>"), "failed", "http_status", "with HTTP 200"),
    "login": (Page('<h1>Sign in</h1><input type="password">'), "failed", "blocked", "a login"),
    "captcha": (Page('<div class="g-recaptcha"></div>'), "failed", "blocked", "human"),
    "consent": (Page("<h1>Before you continue</h1>"), "failed", "blocked", "consent"),
    "declares": (Page(DECLARED), "failed", "fewer_than_declared", "it declares 3"),
    "leaves": (Page(status=302, headers={"Location": "http://localhost/x"}), "failed", "off_site", "localhost"),
    "round": (Page(status=302, headers={"Location": "/round"}), "failed", "trap", "without end"),
    "moved": (Page(status=302, headers={"Location": "/next"}), "skipped", "same_page", "/next"),
    "large": (Page("x" * 2_000_000), "failed", "too_large", ""),
    "bomb": (
        Page(sent=gzip.compress(b" " * 9_000_000), headers={"Content-Encoding": "gzip"}),
        "failed",
        "too_large",
        "",
    ),
    "cut": (Page("<html><p>half", headers={"Content-Length": "9999"}), "failed", "unreachable", ""),
    "lies": (review_page(a_review(3, reviewBody=UMLAUTS), headers=LATIN), "done", None, ""),
    "lost": (Page(sent=review_page(a_review(4, reviewBody=UMLAUTS)).body.encode("latin-1")), "done", None, ""),
}


@pytest.mark.attack(
    "an answer that is none, lies, never ends or is a gzip bomb",
    "the named outcome; no other page is harmed",
    cases=len(BAD_PAGES),
)
def test_bad_pages_have_their_outcomes_and_harm_no_other(crawl_pages: CrawlPages, database_url: str) -> None:
    links = "".join(f'<a class="product" href="/{name}">{name}</a>' for name in (*BAD_PAGES, "next"))
    site = {"/": review_page(a_review(1), links=links), "/next": review_page(a_review(2))}
    site |= {f"/{name}": page for name, (page, *_) in BAD_PAGES.items()}
    options, asked = ("-s", "DOWNLOAD_MAXSIZE=1000000", "-s", "REDIRECT_MAX_TIMES=3"), list[str]()
    crawled = crawl_pages(site, *options, asked=asked, TDCRAWL_DATABASE_URL=database_url)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        rows = connection.execute(select(pages.c.canonical_url, pages.c.state, pages.c.reason, pages.c.detail)).all()
        texts = list(connection.scalars(select(records.c.data["text"].as_string())))
    engine.dispose()
    found = {url.rpartition("/")[2]: (state, reason, detail or "") for url, state, reason, detail in rows}
    for name, (_, state, reason, detail) in BAD_PAGES.items():
        assert (*found[name][:2], detail in found[name][2]) == (state, reason, True), (name, found[name])
    assert (crawled.figures["balanced"], crawled.figures["pages"]["pending"]) == (True, 0)
    assert (crawled.figures["reasons"]["failed"], UMLAUTS in texts) == ({"bad_encoding": 1}, True)
    # What stands in front of a page is asked once, not over and over.
    assert [asked.count(f"/{name}") for name in ("login", "captcha", "consent")] == [1, 1, 1]


def test_a_redirect_to_another_spelling_of_the_page_is_followed(crawl_pages: CrawlPages) -> None:
    site = {
        "/": Page('<a class="product" href="/product?ref=home">p</a>'),
        "/product?ref=home": Page(status=301, headers={"Location": "/product"}),
        "/product": review_page(a_review(1)),
    }
    crawled = crawl_pages(site)
    assert crawled.figures["items"]["record"] == 1
    assert crawled.figures["pages"]["done"] == 2


@pytest.mark.attack("a password in an address", "neither sent nor kept")
def test_user_and_password_in_an_address_are_neither_sent_nor_kept(crawl_pages: CrawlPages, database_url: str) -> None:
    link, target = '<a class="product" href="http://jo:secret@{host}/one">1</a>', "http://jo:secret@{host}/two"
    site = {
        "/": Page(f'{link}<a class="product" href="/moved">2</a>'),
        "/one": review_page(a_review(1)),
        "/moved": Page(status=302, headers={"Location": target}),
        "/two": review_page(a_review(2)),
    }
    crawled = crawl_pages(site, TDCRAWL_DATABASE_URL=database_url)
    assert crawled.figures["items"]["record"] == 2
    engine = open_engine(database_url)
    with engine.connect() as connection:
        kept = [str(row) for table in (pages, records) for row in connection.execute(select(table))]
    engine.dispose()
    assert not [row for row in kept if "secret" in row]
    assert "secret" not in crawled.errors


@pytest.mark.attack("SQL, scripts, templates and paths in fields of a record", "stored as the text that it is", cases=6)
def test_hostile_text_arrives_as_text(crawl_pages: CrawlPages, database_url: str) -> None:
    hostile = (
        "'); DROP TABLE records; -- <script>alert(1)</script> \x00 {{7*7}} ${jndi:x} \u202e ten words are enough here"
    )
    product = "../../etc/passwd'\"; --"
    review = a_review(1, reviewBody=hostile, author={"name": "Robert'); --"}, itemReviewed={"sku": product})
    crawled = crawl_pages({"/": review_page(review)}, TDCRAWL_DATABASE_URL=database_url)
    assert crawled.figures["items"]["record"] == 1
    engine = open_engine(database_url)
    with engine.connect() as connection:
        stored = connection.execute(select(records.c.data)).scalar_one()
    engine.dispose()
    assert "'); DROP TABLE records; --" in stored["text"]
    assert "\x00" not in stored["text"]
    assert stored["product_id"] == product


def turning(path: str, turn: int, *reviews: int) -> Page:
    """Build a page of a list, with some reviews and a link to its page of that number."""
    link = f'<a class="next" href="{path}?page={turn}">next</a>'
    return review_page(*(a_review(number) for number in reviews), links=link)


@pytest.fixture
def lists() -> dict[str, Page]:
    """Build a shop of lists: one shows nothing for ever, one its last page, one is short, and one is as it says.

    One gives each visit an address of its own.
    """
    names = ("calendar", "again", "short", "copy", "visit")
    site = {"/": Page("".join(f'<a class="product" href="/{name}">{name}</a>' for name in names))}
    site |= {"/calendar": turning("/calendar", 2), "/again": turning("/again", 2, 1, 2)}
    for page in range(2, 30):
        site |= {f"/calendar?page={page}": turning("/calendar", page + 1)}
        site |= {f"/again?page={page}": turning("/again", page + 1, 3)}
    for visit in range(30):
        link = f'<a class="next" href="/visit?number={visit + 1}">next</a>'
        site[f"/visit?number={visit}" if visit else "/visit"] = review_page(a_review(8), links=link)
    site |= {"/short": turning("/short", 2, 4, 5)}
    site |= {"/short?page=2": review_page(a_review(6), links=DECLARED.replace("3", "30"))}
    # The first page of this one has another name.
    return site | dict.fromkeys(("/copy", "/copy?page=1"), turning("/copy", 1, 7))


@pytest.mark.attack("a list without end, or that repeats itself", "trap; its records are kept", cases=4)
def test_a_list_that_lies_fails_at_its_last_page_and_its_records_are_kept(
    crawl_pages: CrawlPages, lists: dict[str, Page], tmp_path: Path
) -> None:
    site, database_url = tmp_path / "lists.toml", f"sqlite:///{tmp_path}/lists.db"
    site.write_text(SITE.replace("[read]", "max_pages = 20\n[read]", 1))
    crawled = crawl_pages(lists, "-a", f"site={site}", TDCRAWL_DATABASE_URL=database_url)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        failed = connection.execute(select(pages.c.url, pages.c.reason).where(pages.c.state == "failed")).all()
    engine.dispose()
    assert sorted((url.rpartition("/")[2], reason) for url, reason in failed) == [
        ("again?page=3", "trap"),
        ("calendar?page=20", "trap"),
        ("short?page=2", "fewer_than_declared"),
        ("visit?number=1", "trap"),
    ]
    assert crawled.figures["pages"]["scheduled"] == 1 + 3 + 20 + 2 + 2 + 2
    assert (crawled.figures["items"]["yielded"], crawled.figures["items"]["seen_again"]) == (8, 3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_drains_and_leaves_a_ledger_that_balances(
    shop: ShopServer, database_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    process = start_crawl(shop, database_url, tmp_path)
    process.send_signal(number)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    engine = open_engine(database_url)
    check = check_ledger(engine)
    engine.dispose()
    assert check.balanced
    assert (check.items["pending"], check.pages["pending"] > 0) == (0, True)
    assert json.loads(printed)["reason"] == "shutdown"


def test_a_signal_gives_back_what_waits_for_its_turn(shop: ShopServer, database_url: str, tmp_path: Path) -> None:
    process = start_crawl(shop, database_url, tmp_path, "-s", "DOWNLOAD_DELAY=3600", records=0)
    wait_for_pages(database_url)
    process.terminate()
    printed, errors = process.communicate(timeout=30)
    assert (process.returncode, json.loads(printed)["reason"]) == (130, "shutdown"), errors
    assert json.loads(printed)["pages"]["failed"] == 0
    assert "Traceback" not in errors


def test_a_signal_cuts_off_what_is_never_answered(tmp_path: Path) -> None:
    database_url, site = f"sqlite:///{tmp_path}/cut.db", tmp_path / "mute.toml"
    with socket.create_server(("127.0.0.1", 0)) as mute:
        site.write_text(SITE.replace("http://127.0.0.1/", f"http://127.0.0.1:{mute.getsockname()[1]}/"))
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapy", "crawl", "retailer_reviews", "-a", f"site={site}"], cwd=PROJECT,
            env=os.environ | {"TDCRAWL_DATABASE_URL": database_url, "TDCRAWL_DATA_DIR": str(tmp_path)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_for_pages(database_url)
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "the run was cut off; the same command takes up what it left"


def wait_for_pages(database_url: str) -> None:
    engine = open_engine(database_url)
    wait_until(lambda: any(worker["pages_in_hand"] for worker in at_work(engine)))
    engine.dispose()


def test_a_second_signal_cuts_the_run_off_in_one_line(shop: ShopServer, tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path}/cut.db"
    process = start_crawl(shop, database_url, tmp_path)
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "")
    assert errors.splitlines()[-1] == "the run was cut off; the same command takes up what it left"
    assert "Traceback" not in errors
    assert "destroyed" not in errors


def assert_whole(database_url: str) -> None:
    engine = open_engine(database_url)
    check = check_ledger(engine)
    engine.dispose()
    reviews = sum(len(product.reviews) for product in practice_shop().products)
    assert (check.problems, check.items["yielded"], check.items["pending"]) == ([], reviews, 0)


def test_crawl_when_the_database_stays_away_stops_and_loses_nothing(
    shop: ShopServer, crawl: Crawl, postgresql_url: str, postgresql_database: str, tmp_path: Path
) -> None:
    process = start_crawl(shop, postgresql_database, tmp_path, TDCRAWL_DATABASE_PATIENCE_SECONDS="1")
    with database_gone(postgresql_url, postgresql_database):
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "The crawl stops (sink_unavailable): the database is gone" in errors
    assert "Traceback" not in errors
    assert crawl(shop, TDCRAWL_DATABASE_URL=postgresql_database).status == 0
    assert_whole(postgresql_database)


def test_crawl_when_the_database_comes_back_goes_on(
    shop: ShopServer, postgresql_url: str, postgresql_database: str, tmp_path: Path
) -> None:
    process = start_crawl(shop, postgresql_database, tmp_path)
    assert process.stderr is not None
    with database_gone(postgresql_url, postgresql_database):
        said = next(line for line in process.stderr if "the database is gone" in line)
    printed, errors = process.communicate(timeout=60)
    assert said.endswith("; the crawl waits for it\n")
    assert (process.returncode, json.loads(printed)["reason"]) == (0, "finished"), errors
    assert "Traceback" not in errors
    assert_whole(postgresql_database)


@pytest.fixture
def two_crawls(database_url: str, tmp_path: Path) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Start crawls of two shops with the same reviews at once, with one quota."""
    settings = {"TDCRAWL_DATABASE_URL": database_url, "TDCRAWL_QUOTA": '{"positive": 50, "negative": 20}'}
    open_engine(database_url).dispose()
    with serving(practice_shop(), Markup.JSON_LD) as one, serving(practice_shop(), Markup.CSS) as two:
        yield [
            subprocess.Popen(
                [sys.executable, "-m", "scrapy", "crawl", "retailer_reviews", "-a", f"site={SITES[shop.markup]}",
                 "-a", f"start={shop.base_url}/catalogue"],
                cwd=PROJECT,
                env=os.environ | settings | {"TDCRAWL_DATA_DIR": str(tmp_path / shop.markup)},
                stdout=subprocess.DEVNULL,
            )
            for shop in (one, two)
        ]  # fmt: skip


def test_quota_is_exact_when_two_processes_crawl_at_once(
    two_crawls: list["subprocess.Popen[bytes]"], database_url: str
) -> None:
    assert [process.wait(timeout=120) for process in two_crawls] == [0, 0]
    engine = open_engine(database_url)
    with engine.connect() as connection:
        strata = list(connection.scalars(select(records.c.stratum)))
    check = check_ledger(engine)
    engine.dispose()
    assert (strata.count("positive"), strata.count("negative")) == (50, 20)
    assert check.problems == []
