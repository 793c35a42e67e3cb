"""Pages that are nothing without their scripts, read by a real Chromium."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import SITE, Crawled, Page, hand_made
from tests.conftest import RunScrapy

CrawlPages = Callable[..., Crawled]
# Reviews come by script, two more with each press of the button, which goes after the third.
SCRIPT = """
const list = document.querySelector("#reviews");
let pressed = 0;
async function more() {
  const found = await (await fetch(`/reviews/${pressed}.json`)).json();
  for (const each of found) {
    const node = document.createElement("article");
    node.innerHTML = `<p class="body"></p><b class="stars">${each.stars}</b>`;
    node.querySelector(".body").textContent = each.body;
    list.append(node);
  }
  pressed += 1;
  if (pressed == 3) document.querySelector("#more").remove();
}
document.querySelector("#more").onclick = more;
more();
"""
PRODUCT = Page(f"""<html><h1 data-sku="17">Kettle</h1><img src="/kettle.png"><iframe src="http://localhost:1/"></iframe>
<div id="reviews"></div><button id="more">More reviews</button><script>{SCRIPT}</script></html>""")
FIELDS = '[read.fields]\ntext = ".body"\nrating = ".stars"'
RENDERED = (
    SITE.replace('reader = "schema_org"', f'reader = "css"\nrecord = "article"\n{FIELDS}')
    .replace("[read]", 'more = "#more"\n[read]', 1)
    .replace("[polite]", "[polite]\nrender = true")
)  # fmt: skip
JSON = {"Content-Type": "application/json"}


def reviews(turn: int) -> Page:
    bodies = [" ".join(f"word{turn}{side}{place}" for place in range(12)) for side in ("a", "b")]
    return Page(json.dumps([{"body": body, "stars": 4} for body in bodies]), headers=JSON)


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    site = tmp_path / "rendered.toml"
    site.write_text(RENDERED)
    return site


def test_reviews_that_come_by_script_and_by_a_button_are_read(crawl_pages: CrawlPages, rendered: Path) -> None:
    pages = {"/": PRODUCT, **{f"/reviews/{turn}.json": reviews(turn) for turn in range(3)}}
    asked: list[str] = []
    crawled = crawl_pages(pages, "-a", f"site={rendered}", asked=asked)
    assert (crawled.status, crawled.errors) == (0, "")
    assert (crawled.figures["items"]["yielded"], crawled.figures["items"]["record"]) == (6, 6)
    # No picture was fetched, and robots.txt was asked for first.
    assert asked[0] == "/robots.txt"
    assert sorted(set(asked)) == ["/", "/reviews/0.json", "/reviews/1.json", "/reviews/2.json", "/robots.txt"]


def test_crawl_when_there_is_no_chromium_says_how_to_get_it(run_scrapy: RunScrapy, rendered: Path) -> None:
    finished = run_scrapy("crawl", "retailer_reviews", "-a", f"site={rendered}", PATH="/nowhere")
    assert finished.returncode == 2
    assert (
        finished.stderr == "rendered.toml: render = true needs Chromium, which is not here: apt-get install chromium\n"
    )


def test_probe_reads_a_page_through_the_browser_when_its_site_wants_that(run_scrapy: RunScrapy, rendered: Path) -> None:
    pages = {"/": PRODUCT, **{f"/reviews/{turn}.json": reviews(turn) for turn in range(3)}}
    with hand_made(pages) as base:
        finished = run_scrapy("probe", f"{base}/", "--site", str(rendered), "--json")
    assert (finished.returncode, finished.stderr) == (0, "")
    (page,) = json.loads(finished.stdout)["pages"]
    assert (page["records"], page["read_by"]) == (6, ["css"])
