"""`scrapy probe` and `scrapy gensite`: pages fetched politely, or read from disk, and written down nowhere else."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import Settings

from tdcrawl.commands.gensite import Command
from tdcrawl.demo.server import ShopServer
from tdcrawl.errors import SiteError, StoreError, TdcrawlError
from tdcrawl.probing.cases import check_case, site_of
from tests.commands.conftest import Page, a_review, hand_made, review_page
from tests.conftest import RunScrapy

FAST = ("-s", "DOWNLOAD_DELAY=0", "-s", "RETRY_TIMES=0")
SAVED = review_page(a_review(3), links='<link rel="canonical" href="https://shop.example/mug">').body


def test_probe_tells_of_each_page_when_some_cannot_be_had(run_scrapy: RunScrapy, tmp_path: Path) -> None:
    asked = a_review(1, reviewBody="{agent} asked for this page, and it says enough to be a review of something")
    shop = {
        "/": Page(review_page(asked, a_review(2)).body, headers={"X-Robots-Tag": "noai"}),
        "/robots.txt": Page("User-agent: tdcrawl\nDisallow: /private", headers={"Content-Type": "text/plain"}),
        "/feed": Page("{}", headers={"Content-Type": "application/json"}),
        "/moved": Page(status=301, headers={"Location": "/"}),
    }
    saved = tmp_path / "saved.html"
    saved.write_text(SAVED)
    with hand_made(shop) as base:
        urls = [f"{base}/gone", f"{base}/", f"{base}/private", f"{base}/feed", f"{base}/moved", str(saved)]
        finished = run_scrapy("probe", *urls, "http://127.0.0.1:1/", "--json", *FAST)

    assert (finished.returncode, finished.stderr) == (1, "")
    told = {page["url"].rpartition("/")[2]: page for page in json.loads(finished.stdout)["pages"]}
    errors = {name: page["error"]["reason"] for name, page in told.items() if page["error"]}
    assert errors == {"gone": "http_status", "private": "robots_disallowed", "feed": "parse_error"} | {
        name: "unreachable" for name in errors if name not in {"gone", "private", "feed"}
    }
    assert [told[name]["records"] for name in ("gone", "moved", "saved.html")] == [0, 2, 1]
    assert told["moved"]["samples"][0]["text"].startswith("tdcrawl/")
    assert (told["moved"]["robots"], told["moved"]["opt_outs"]) == ("allowed", ["header: X-Robots-Tag noai"])
    assert not (tmp_path / "data").exists()


def test_gensite_writes_a_site_that_fails_until_it_is_confirmed(
    run_scrapy: RunScrapy, shop: ShopServer, tmp_path: Path
) -> None:
    urls = [f"{shop.base_url}/catalogue", f"{shop.base_url}/product/24"]
    finished = run_scrapy("gensite", "my_shop", *urls, "--to", str(tmp_path), *FAST)

    assert (finished.returncode, finished.stderr) == (0, "")
    assert f"Wrote {tmp_path}/my_shop.toml" in finished.stdout
    pages = tmp_path / "tests" / "pages" / "my_shop"
    profile = site_of(pages)
    assert (profile.follow.products, profile.start.urls) == ("a.product::attr(href)", [f"{shop.base_url}/catalogue"])
    case = pages / "product_24"
    assert (case / "url.txt").read_text() == f"{shop.base_url}/product/24\n"
    assert [line.partition(":")[0] for line in check_case(case, profile)] == ["nobody has confirmed it"]
    assert len(json.loads((case / "expected.json").read_text())["records"]) == 6


def gensite(folder: Path, html: str = SAVED, **changes: Any) -> dict[str, Any]:
    """Write a site from one saved page, in this process: nothing is fetched."""
    saved = folder / "saved.html"
    saved.write_text(html)
    command = Command()
    command.settings = Settings()
    options = {"name": "my_shop", "urls": [str(saved)], "to": folder, "site": None} | changes
    return command.answer(Namespace(**options))


def test_gensite_adds_pages_when_the_site_is_there(tmp_path: Path) -> None:
    gensite(tmp_path)
    site = tmp_path / "my_shop.toml"
    written = site.read_text()
    told = gensite(tmp_path, SAVED.replace("/mug", "/cup"), site=str(site))
    assert told["cases"] == [{"folder": str(tmp_path / "tests" / "pages" / "my_shop" / "cup"), "records": 1}]
    assert (told["file"], site.read_text()) == (None, written)


@pytest.mark.parametrize(
    ("kind", "changes", "told"),
    [
        (SiteError, {"name": "My Shop"}, "'My Shop': a site is named with lower-case letters"),
        (SiteError, {"name": "other", "site": "demo_store"}, "--site names the site demo_store, not other"),
        (
            SiteError,
            {"urls": ["nowhere.html"]},
            "nowhere.html: give an http(s) address, or an .html file that is there",
        ),
        (SiteError, {"urls": ["http://["]}, "http://[: give an http(s) address"),
        (SiteError, {"html": "<p>no address</p>"}, "saved.html does not say where it was"),
        (StoreError, {"to": Path("/dev/null")}, "cannot write /dev/null"),
    ],
)
def test_gensite_writes_nothing_when_it_refuses(
    kind: type[TdcrawlError], changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(kind) as refusal:
        gensite(tmp_path, **changes)
    assert told in str(refusal.value)
    assert [path.name for path in tmp_path.iterdir()] == ["saved.html"]


def test_gensite_refuses_when_something_is_there(tmp_path: Path) -> None:
    gensite(tmp_path)
    with pytest.raises(SiteError, match=r"my_shop\.toml is there already"):
        gensite(tmp_path)
    (tmp_path / "my_shop.toml").unlink()
    with pytest.raises(SiteError, match=r"my_shop/mug is there already"):
        gensite(tmp_path)
