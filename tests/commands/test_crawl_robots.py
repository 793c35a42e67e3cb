"""robots.txt: what it forbids is not fetched, however many pages wait for it; who cannot tell allows nothing."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import SITE, Page, a_review, crawled, hand_made, review_page
from tests.conftest import RunScrapy

FORBIDS = Page("User-agent: *\nDisallow: /no/\n", headers={"Content-Type": "text/plain"})


@pytest.mark.parametrize(
    ("robots", "skipped"),
    [(FORBIDS, 6), (Page(status=503), 7), (Page(status=429), 7), (Page(status=404), 0)],
)
def test_pages_that_begin_together_hear_what_robots_txt_says(
    run_scrapy: RunScrapy, tmp_path: Path, robots: Page, skipped: int
) -> None:
    paths = ["/yes", *(f"/no/{number}" for number in range(6))]
    pages = {path: review_page(a_review(number)) for number, path in enumerate(paths)}
    asked: list[str] = []
    with hand_made({"/robots.txt": robots, **pages}, asked) as base_url:
        starts = json.dumps([base_url + path for path in paths])
        site = tmp_path / "several.toml"
        site.write_text(SITE.replace('["http://127.0.0.1/"]', starts))
        options = ("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8", "-s", "RETRY_ENABLED=false")
        found = crawled(run_scrapy("crawl", "retailer_reviews", "--json", "-a", f"site={site}", *options))
    assert found.figures["page_reasons"]["skipped"] == ({"robots_disallowed": skipped} if skipped else {})
    assert asked[0] == "/robots.txt"
    assert len(asked) == 1 + len(paths) - skipped
