"""Pages that are nothing without their scripts, read by a real Chromium."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from tdcrawl.rendering import find_browser
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
PRODUCT = Page(f"""<html><h1 data-sku="17">Kettle</h1><img src="/kettle.png">
<style>@font-face {{ font-family: own; src: url("/own.woff2") }} h1 {{ font-family: own }}</style>
<div id="reviews"></div><button id="more">More reviews</button><script>{SCRIPT}</script></html>""")
# What a page may not have its reader ask for, of another port of its host or of a private address under another name.
REACHES = """<iframe src="{}/frame"></iframe><iframe src="file:///etc/hostname"></iframe>
<link rel="stylesheet" href="{}/style.css"><script src="{}/script.js"></script>
<script>fetch("{}/fetch").catch(() => {{}}); navigator.sendBeacon("{}/beacon", "x");</script>"""
GROWS = Page('<html><script>document.write("<p>" + "x".repeat(300000))</script><p>Grown</html>')
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
    # No picture and no font was fetched, and what the site says of itself was asked for first.
    assert asked[:3] == ["/robots.txt", "/.well-known/tdmrep.json", "/ai.txt"]
    assert sorted(set(asked[3:])) == ["/", "/reviews/0.json", "/reviews/1.json", "/reviews/2.json"]


@pytest.mark.attack(
    "a page in the browser that asks other ports, hosts and files, grows or leaves",
    "stopped; too_large, off_site",
    cases=14,
)
def test_pages_that_reach_out_or_grow_or_leave_are_kept_in_bounds(crawl_pages: CrawlPages, rendered: Path) -> None:
    reached: list[str] = []
    with hand_made({}, reached) as elsewhere, hand_made({"/": Page("<p>Another shop")}) as away:
        private = elsewhere.replace("127.0.0.1", "localhost")
        names = ("reaches", "grows", "leaves", "gone")
        links = "".join(f'<a class="product" href="/{name}">{name}</a>' for name in names)
        pages = {
            "/": Page(links),
            "/reaches": Page("".join(REACHES.replace("{}", base) for base in (elsewhere, private))),
            "/grows": GROWS,
            "/leaves": Page(status=302, headers={"Location": away.replace("127.0.0.1", "localhost")}),
        }
        crawled = crawl_pages(pages, "-a", f"site={rendered}", "-s", "DOWNLOAD_MAXSIZE=200000")
    assert reached == []
    assert crawled.figures["page_reasons"]["failed"] == {"too_large": 1, "off_site": 1, "http_status": 1}
    assert (crawled.figures["pages"]["done"], crawled.errors) == (2, "")


@pytest.mark.attack(
    "a redirect and a socket of a page in the browser into a private network", "stopped by Chromium", cases=3
)
def test_chromium_keeps_redirects_and_sockets_of_a_public_page_out_of_a_private_network() -> None:
    reached, asked = list[str](), list[str]()
    with hand_made({}, reached) as private:
        sockets = (
            f'<script>new WebSocket("{private.replace("http", "ws")}/socket"); fetch("/moved").catch(() => 0)</script>'
        )
        moved = Page(status=302, headers={"Location": f"{private}/moved", "Access-Control-Allow-Origin": "*"})
        with hand_made({"/": Page(f'{sockets}<iframe src="/moved">'), "/moved": moved}, asked) as public:
            # Which addresses are public is the one thing that a test on one machine must make believe.
            told = [f"--ip-address-space-overrides={urlsplit(public).netloc}=public"]
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_browser(), args=told)
                browser.new_page().goto(public, wait_until="networkidle")
                browser.close()
    assert asked.count("/moved") == 2
    assert reached == []


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
