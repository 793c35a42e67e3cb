"""`scrapy failed`: with its site file mended, what failed is tried again from the archive; the shop is switched off."""

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tdcrawl.store import tables
from tdcrawl.store.engine import open_engine
from tests.commands.conftest import TOLERANT, Page, crawled, hand_made
from tests.conftest import RunScrapy, run_scrapy_in

# One shop for all, which the last test changes.
pytestmark = pytest.mark.xdist_group("failed")
BROKEN = """
record_type = "review"
allowed_domains = ["127.0.0.1"]
[start]
urls = ["http://127.0.0.1/"]
[follow]
products = "a.product::attr(href)"
[read]
reader = "css"
record = "article"
[read.fields]
text = ".words"
rating = ".stars"
[read.page_fields]
product_id = "h1"
[read.values]
rating_scale = 5
"""
MENDED = BROKEN.replace('".words"', '[".words", ".body"]').replace('"article"', '"article, .review"')
GOOD = "review {} says that this is the best thing number {} that we ever bought here"


def review(number: int, name: str, rating: str = "5") -> str:
    """Write a review; its text stands where the broken site file looks, or where it does not."""
    return f'<article><p class="{name}">{GOOD.format(number, number * 7)}</p><b class="stars">{rating}</b></article>'


PAGES = {
    "/": Page(
        '<a class="product" href="/1">1</a><a class="product" href="/2">2</a><a class="product" href="/3">3</a>'
        '<a class="product" href="/4">4</a>'
    ),
    "/1": Page(f"<h1>kettle</h1>{review(1, 'words')}{review(2, 'body')}{review(3, 'body')}{review(4, 'body', 'x')}"),
    "/2": Page(f"<h1>lamp</h1>{review(5, 'words')}{review(6, 'words')}"),
    "/3": Page("gone", status=410),
    "/4": Page(
        '<div itemscope itemtype="https://schema.org/Product"><b itemprop="aggregateRating" itemscope '
        'itemtype="https://schema.org/AggregateRating"><b itemprop="reviewCount">1</b></b></div><h1>pan</h1>'
        + review(7, "words").replace("<article>", '<div class="review">').replace("</article>", "</div>")
    ),
}


@dataclass(frozen=True)
class Replayed:
    """Hold a shop's ledger, what was in it before its failures were replayed, and what the commands said."""

    engine: Engine
    site: Path
    before: dict[str, str]
    rehearsed: dict[str, Any]
    after_rehearsal: dict[str, str]
    figures: dict[str, Any]
    left: list[dict[str, Any]]
    run: RunScrapy


def texts(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(data["text"] for data in connection.scalars(select(tables.records.c.data)))


def buckets(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return dict(connection.execute(select(tables.outcomes.c.item_id, tables.outcomes.c.bucket)).all())


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    """Crawl a shop with a broken site file; switch it off, mend the file, and replay, killed once on the way."""
    folder = tmp_path_factory.mktemp("replayed")
    site, run = folder / "lamps.toml", run_scrapy_in(folder / "data")
    site.write_text(BROKEN + TOLERANT)
    with hand_made(PAGES) as base_url:
        crawled(run("crawl", "retailer_reviews", "--json", "-a", f"site={site}", "-a", f"start={base_url}/"))
    engine = open_engine(f"sqlite:///{folder / 'data' / 'tdcrawl.db'}")
    before = buckets(engine)
    site.write_text(MENDED + TOLERANT)
    replay = ("failed", "replay", "--json", "--site", str(site), "--reason", "missing_field")
    rehearsed = crawled(run(*replay, "--dry-run")).figures["replayed"]
    after_rehearsal = buckets(engine)
    assert run(*replay, TDCRAWL_FAULT="after_validate:1:kill9").returncode == -signal.SIGKILL
    figures = crawled(run(*replay)).figures["replayed"]
    left = crawled(run("failed", "--json")).figures["failures"]
    yield Replayed(engine, site, before, rehearsed, after_rehearsal, figures, left, run)
    engine.dispose()


def test_dry_run_when_the_site_file_is_mended_says_what_would_move_and_moves_nothing(replayed: Replayed) -> None:
    assert replayed.after_rehearsal == replayed.before
    assert replayed.rehearsed == {
        "site": "lamps", "reason": "missing_field", "pages": 1, "unreadable": 0, "would_pass": 2, "gone": 0, "new": 0,
        "would_fail": {"wrong_type": 1},
    }  # fmt: skip


def test_replay_when_the_site_file_is_mended_moves_exactly_what_failed(replayed: Replayed) -> None:
    after = buckets(replayed.engine)
    kept = {item_id: bucket for item_id, bucket in replayed.before.items() if bucket != "failed"}
    assert len(kept) == 3
    assert {item_id: after[item_id] for item_id in kept} == kept
    assert texts(replayed.engine) == [GOOD.format(n, n * 7) for n in (1, 2, 3, 5, 6)]
    assert (len(after), len(replayed.before)) == (6, 6)
    items = replayed.figures["items"]
    assert (items["yielded"], items["record"], items["failed"], items["pending"]) == (3, 2, 1, 0)
    assert (replayed.figures["reason"], replayed.figures["balanced"]) == ("finished", True)


def test_replayed_record_when_explained_tells_its_earlier_id_and_when_its_page_was_fetched(replayed: Replayed) -> None:
    moved = [item_id for item_id, bucket in replayed.before.items() if bucket == "failed"]
    story = json.loads(replayed.run("explain", moved[0], "--json").stdout)
    assert (story["outcome"]["was"], story["run"]["spider"]) == (moved[0], "replay")
    with replayed.engine.connect() as connection:
        crawl = connection.execute(select(tables.runs).where(tables.runs.c.spider != "replay")).one()
        fetched = connection.scalars(select(tables.records.c.scraped_at)).all()
    assert all(crawl.started_at <= at <= crawl.finished_at for at in fetched)


def test_failed_list_when_some_was_mended_lists_the_rest(replayed: Replayed) -> None:
    assert replayed.left == [
        {"site": "lamps", "what": "records", "reason": "wrong_type", "number": 1, "archived": 1},
        {"site": "lamps", "what": "pages", "reason": "fewer_than_declared", "number": 1, "archived": 1},
        {"site": "lamps", "what": "pages", "reason": "http_status", "number": 1, "archived": 1},
    ]


def test_replay_when_it_is_the_newest_run_is_not_taken_for_how_the_site_is(replayed: Replayed) -> None:
    sites = json.loads(replayed.run("sites", "--json").stdout)["sites"]
    (lamps,) = [site for site in sites if site["name"] == "lamps"]
    assert (replayed.figures["reason"], replayed.figures["items"]["record"]) == ("finished", 2)
    assert (lamps["reason"], lamps["records"], lamps["alarms"]) == ("finished", 3, 0)


def test_replay_of_a_site_of_ones_own_when_no_file_is_given_asks_for_it(replayed: Replayed) -> None:
    finished = replayed.run("failed", "replay")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "give its file, --site lamps.toml" in finished.stderr


def test_page_that_failed_when_it_is_replayed_gives_what_it_holds(replayed: Replayed) -> None:
    command = ("failed", "replay", "--json", "--site", str(replayed.site), "--reason", "fewer_than_declared")
    figures = crawled(replayed.run(*command)).figures["replayed"]
    assert (figures["pages"]["done"], figures["items"]["record"], figures["balanced"]) == (1, 1, True)
    assert GOOD.format(7, 49) in texts(replayed.engine)
    assert json.loads(replayed.run(*command).stdout) == {"failures": [], "replayed": None}
