"""`scrapy crawl` on a shop that renamed the class of a field no record needs: told at once, and the run has failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from tdcrawl.store import tables
from tdcrawl.store.engine import open_engine
from tests.commands.conftest import Crawled, Page, crawled, hand_made
from tests.conftest import run_scrapy_in

# One shop for all.
pytestmark = pytest.mark.xdist_group("renamed")
SITE = """
record_type = "review"
allowed_domains = ["127.0.0.1"]
[start]
urls = ["http://127.0.0.1/1"]
[follow]
next = "a.next::attr(href)"
[read]
reader = "css"
record = "article"
fields = {text = "p", rating = "b", author = ".who", title = "h2"}
[polite]
DOWNLOAD_DELAY = 0
[expect]
max_failed_page_share = 1.0
"""
GOOD = "review {} says that this is the best thing number {} that we ever bought here"
LOST = "the last {} records lack author, which 30 of 30 before them had: is '.who' still what it is called?"


def shop(author: str) -> Mapping[str, Page]:
    """Write three pages of ten reviews, whose authors stand in a class of that name."""
    review = "<article><p>{}</p><b>5</b><i class={}>Jo {}</i></article>"
    pages = dict[str, Page]()
    for page in (1, 2, 3):
        ten = range(page * 10, page * 10 + 10)
        reviews = "".join(review.format(GOOD.format(number, number), author, number) for number in ten)
        pages[f"/{page}"] = Page(f'{reviews}<a class="next" href="/{min(3, page + 1)}">')
    return pages


@dataclass(frozen=True)
class Renamed:
    """Hold the crawls of the shop before and after, and why its pages had failed by then and after each replay.

    `nameless`: how many of all records have no author after the second crawl.
    """

    before: Crawled
    after: Crawled
    failed: list[dict[str, tuple[str | None, str | None]]]
    nameless: int


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Renamed:
    """Crawl the shop, rename the class, crawl it again, and replay that, with the file as it was and mended."""
    folder = tmp_path_factory.mktemp("renamed")
    run, site = run_scrapy_in(folder), folder / "shop.toml"
    site.write_text(SITE)

    def crawl(author: str) -> Crawled:
        with hand_made(shop(author)) as url:
            start = (f"site={site}", "-a", f"start={url}/1", "-a", "again=1")
            return crawled(run("crawl", "retailer_reviews", "--json", "-a", *start))

    before, after = crawl("who"), crawl("by")
    failed, nameless = [why_failed(folder)], count_nameless(folder)
    for says in (SITE, SITE.replace('".who"', '[".who", ".by"]')):
        site.write_text(says)
        crawled(run("failed", "replay", "--json", "--site", str(site)))
        failed.append(why_failed(folder))
    return Renamed(before, after, failed, nameless)


def why_failed(folder: Path) -> dict[str, tuple[str | None, str | None]]:
    """Find why each page of the newest run failed, if it did, by its path."""
    engine = open_engine(f"sqlite:///{folder}/tdcrawl.db")
    with engine.connect() as connection:
        rows = connection.execute(select(tables.pages).order_by(tables.pages.c.scheduled_at)).all()
    engine.dispose()
    return {row.url.rpartition("/")[2]: (row.reason, row.detail) for row in rows}


def count_nameless(folder: Path) -> int:
    """Count the records without an author."""
    engine = open_engine(f"sqlite:///{folder}/tdcrawl.db")
    with engine.connect() as connection:
        people = connection.scalars(select(tables.records.c.data["author_hash"].as_string())).all()
    engine.dispose()
    return people.count(None)


def test_page_that_lacks_what_nearly_all_records_had_fails_and_keeps_them(renamed: Renamed) -> None:
    assert (renamed.before.status, renamed.before.figures["pages"]["failed"]) == (0, 0)
    told = {str(page): ("field_lost", LOST.format(page * 10)) for page in (1, 2, 3)}
    assert renamed.failed[0] == told
    assert (renamed.after.figures["items"]["failed"], renamed.after.figures["balanced"]) == (0, True)


def test_field_that_left_a_site_is_warned_of_once_and_fails_the_run(renamed: Renamed) -> None:
    (warning,) = (line for line in renamed.after.errors.splitlines() if "lack" in line)
    assert LOST.format(10) in warning
    assert "/1 --site" in warning
    assert renamed.after.status == 1
    failure = "100.0% of the items lost a field; the site's max_failed_share is 8.0%"
    assert renamed.after.figures["failures"] == [failure]


def test_copies_that_lost_their_author_do_not_take_the_place_of_those_that_have_one(renamed: Renamed) -> None:
    # Without an id of the shop a review of nobody is another item, with the same text.
    assert renamed.after.figures["items"]["duplicate"] == 30
    assert renamed.nameless == 0


def test_replay_of_a_page_that_lost_a_field_ends_well_once_the_field_is_found(renamed: Renamed) -> None:
    still, mended = renamed.failed[1:]
    assert {reason for reason, _ in still.values()} == {"field_lost"}
    assert mended == dict.fromkeys(("1", "2", "3"), (None, None))


def test_class_renamed_after_the_first_page_is_caught_by_the_second(tmp_path: Path) -> None:
    site = tmp_path / "shop.toml"
    site.write_text(SITE)
    with hand_made({**shop("by"), "/1": shop("who")["/1"]}) as url:
        run = run_scrapy_in(tmp_path)
        crawl = crawled(run("crawl", "retailer_reviews", "--json", "-a", f"site={site}", "-a", f"start={url}/1"))
    told = {number: f"the last {number} records lack author, which 10 of 10 before" for number in (10, 20)}
    failed = why_failed(tmp_path)
    assert failed["1"] == (None, None)
    assert [(failed[page][1] or "").startswith(told[of]) for page, of in (("2", 10), ("3", 20))] == [True, True]
    assert [line.count("/2 --site") for line in crawl.errors.splitlines() if "lack" in line] == [1]
    assert crawl.figures["failures"] == ["66.7% of the items lost a field; the site's max_failed_share is 8.0%"]
    assert (crawl.figures["items"]["yielded"], crawl.figures["balanced"]) == (30, True)
