"""robots.txt by the book: what it forbids is not fetched, and where it cannot be had the pages wait for a later run."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import SITE, Page, a_review, crawled, hand_made, review_page
from tests.conftest import RunScrapy

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
