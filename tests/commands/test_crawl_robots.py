"""robots.txt by the book: what it forbids is not fetched, and where it cannot be had the pages wait for a later run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import SITE, Crawled, Page, a_review, crawled, hand_made, review_page
from tests.conftest import RunScrapy

CrawlLater = Callable[..., Crawled]

FORBIDS = Page("User-agent: *\nDisallow: /no/\n", headers={"Content-Type": "text/plain"})
PATHS = ["/yes", *(f"/no/{number}" for number in range(6))]
OF_THE_SITE = ["/robots.txt", "/.well-known/tdmrep.json", "/ai.txt"]


@pytest.mark.parametrize(("robots", "skipped"), [(FORBIDS, 6), (Page(status=404), 0)])
def test_pages_that_begin_together_hear_what_robots_txt_says(
    run_scrapy: RunScrapy, tmp_path: Path, robots: Page, skipped: int
) -> None:
    pages = {path: review_page(a_review(number)) for number, path in enumerate(PATHS)}
    asked: list[str] = []
    with hand_made({"/robots.txt": robots, **pages}, asked) as base_url:
        starts = json.dumps([base_url + path for path in PATHS])
        site = tmp_path / "several.toml"
        site.write_text(SITE.replace('["http://127.0.0.1/"]', starts))
        options = ("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8")
        found = crawled(run_scrapy("crawl", "retailer_reviews", "--json", "-a", f"site={site}", *options))
    assert found.figures["page_reasons"]["skipped"] == ({"robots_disallowed": skipped} if skipped else {})
    assert asked[:3] == OF_THE_SITE
    assert len(asked) == 3 + len(PATHS) - skipped


@pytest.fixture
def crawl_later(run_scrapy: RunScrapy, tmp_path: Path) -> CrawlLater:
    """Crawl a hand-made shop at an address, as often as it is called."""
    site = tmp_path / "hand_made.toml"
    site.write_text(SITE)

    def crawl(base_url: str, *arguments: str) -> Crawled:
        at = ("-a", f"site={site}", "-a", f"start={base_url}/")
        return crawled(run_scrapy("crawl", "retailer_reviews", "--json", *at, *arguments))

    return crawl


class InTurn(dict[str, Page]):
    """Answer at an address with one page after the other, the last of them for ever."""

    def __init__(self, path: str, *answers: Page, **others: Page) -> None:
        super().__init__(others)
        self._path, self._answers = path, list(answers)

    def get(self, path: str, default: Any = None) -> Any:
        """Look up a page."""
        if path == self._path:
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return super().get(path, default)


@pytest.mark.parametrize("status", [503, 429])
def test_pages_wait_for_a_later_run_where_robots_txt_cannot_be_had(crawl_later: CrawlLater, status: int) -> None:
    asked: list[str] = []
    pages = {"/": review_page(a_review(1)), "/robots.txt": Page(status=status)}
    with hand_made(pages, asked) as base_url:
        first = crawl_later(base_url)
        assert (first.status, first.figures["reason"]) == (1, "robots_unavailable")
        assert f"robots.txt cannot be read (HTTP {status}): nothing of" in first.errors
        assert "run the same command again later" in first.errors
        assert (first.figures["pages"]["pending"], asked) == (1, ["/robots.txt"])
        pages["/robots.txt"] = FORBIDS
        later = crawl_later(base_url)
    assert (later.status, later.figures["reason"], later.figures["pages"]["pending"]) == (0, "finished", 0)
    assert later.figures["items"]["record"] == 1
    assert asked[1:] == [*OF_THE_SITE, "/"]


def test_robots_txt_is_waited_for_and_followed_where_it_is(crawl_later: CrawlLater) -> None:
    asked: list[str] = []
    moved = {f"/{number}.txt": Page(status=302, headers={"Location": f"/{number + 1}.txt"}) for number in range(1, 5)}
    wait = Page(status=429, headers={"Retry-After": "0"})
    to_first = Page(status=301, headers={"Location": "/1.txt"})
    forbids = Page(sent=b"\xef\xbb\xbfUser-Agent: TDCRAWL\nDisallow: /\n", headers={"Content-Type": "text/plain"})
    pages = InTurn("/robots.txt", wait, to_first, **moved, **{"/5.txt": forbids, "/": review_page(a_review(1))})
    with hand_made(pages, asked) as base_url:
        found = crawl_later(base_url, "-s", "RETRY_TIMES=1")
    assert found.figures["page_reasons"]["skipped"] == {"robots_disallowed": 1}
    assert asked[:7] == ["/robots.txt", "/robots.txt", *(f"/{number}.txt" for number in range(1, 6))]
    assert "/" not in asked
