"""A crawl goes nowhere but to public web servers, from its first page to the end of the last redirect."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from tdcrawl.store.engine import open_engine
from tdcrawl.store.tables import pages
from tests.commands.conftest import SITE, Crawled, Page, a_review, crawled, hand_made, review_page
from tests.conftest import RunScrapy

CrawlPages = Callable[..., Crawled]
ASTRAY = {
    "private": ("http://10.0.0.1/", "10.0.0.1 may not be asked: 10.0.0.1 is in no public network"),
    "cloud": ("http://169.254.169.254/latest/", "169.254.169.254 may not be asked: 169.254.169.254 is in no public"),
    "mapped": ("http://[::ffff:192.168.0.1]/", "is in no public network"),
    "mail": ("http://shop.example:25/", "shop.example:25 may not be asked: port 25 is none of TDCRAWL_ALLOWED_PORTS"),
    "decimal": ("http://167772161/", "167772161 may not be asked: 10.0.0.1 is in no public network"),
}


@pytest.mark.attack(
    "a redirect into a private network, or to another port", "skipped (forbidden_address)", cases=len(ASTRAY)
)
def test_redirects_that_lead_astray_are_not_followed(crawl_pages: CrawlPages, tmp_path: Path) -> None:
    links = "".join(f'<a class="product" href="/{name}">{name}</a>' for name in ASTRAY)
    moved = {f"/{name}": Page(status=302, headers={"Location": url}) for name, (url, _) in ASTRAY.items()}
    site = tmp_path / "open.toml"
    domains = ", ".join(f'"{urlsplit(url).hostname}"' for url, _ in ASTRAY.values())
    site.write_text(SITE.replace('["127.0.0.1"]', f'["127.0.0.1", {domains}]'))
    found = crawl_pages({"/": review_page(a_review(1), links=links), **moved}, "-a", f"site={site}")
    assert found.figures["page_reasons"]["skipped"]["forbidden_address"] == len(ASTRAY)
    with open_engine(f"sqlite:///{tmp_path}/data/tdcrawl.db").connect() as connection:
        told = "\n".join(filter(None, connection.scalars(select(pages.c.detail))))
    assert [name for name, (_, detail) in ASTRAY.items() if detail not in told] == []


@pytest.mark.attack("a start on this machine, by address and by name", "refused, exit status 2")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_asked_only_where_that_is_allowed(run_scrapy: RunScrapy, tmp_path: Path, host: str) -> None:
    asked: list[str] = []
    site = tmp_path / "loopback.toml"
    with hand_made({"/": review_page(a_review(1))}, asked) as base_url:
        site.write_text(
            SITE.replace("http://127.0.0.1/", base_url.replace("127.0.0.1", host) + "/").replace(
                '["127.0.0.1"]', f'["{host}"]'
            )
        )
        arguments = ("crawl", "retailer_reviews", "--json", "-a", f"site={site}")
        port = str(urlsplit(base_url).port)
        refused = run_scrapy(*arguments, TDCRAWL_ALLOW_LOOPBACK="false", TDCRAWL_ALLOWED_PORTS=port)
        assert (refused.returncode, asked) == (2, [])
        assert refused.stderr == (
            f"{base_url.replace('127.0.0.1', host)}/ may not be asked: "
            "127.0.0.1 is this machine itself, which TDCRAWL_ALLOW_LOOPBACK=true allows\n"
        )
        probed = run_scrapy("probe", base_url, TDCRAWL_ALLOW_LOOPBACK="false", TDCRAWL_ALLOWED_PORTS=port)
        assert asked == []
        assert "this machine itself, which TDCRAWL_ALLOW_LOOPBACK=true allows" in " ".join(probed.stdout.split())
        assert (
            crawled(
                run_scrapy(
                    *arguments,
                )
            ).figures["items"]["record"]
            == 1
        )


@pytest.mark.attack("a site file that opens a door, writes a file or spends money", "refused, exit status 2")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('TDCRAWL_ALLOW_LOOPBACK = "true"', "TDCRAWL_ALLOW_LOOPBACK: no setting that a site may tune"),
        ('LOG_FILE = "crawl.log"', "LOG_FILE: no setting that a site may tune"),
        ('TDCRAWL_LABEL_BUDGET_USD = "100"', "TDCRAWL_LABEL_BUDGET_USD: no setting that a site may tune"),
    ],
)
def test_a_site_file_opens_no_door(run_scrapy: RunScrapy, tmp_path: Path, line: str, said: str) -> None:
    site = tmp_path / "greedy.toml"
    site.write_text(SITE.replace("[polite]", f"[polite]\n{line}"))
    finished = run_scrapy("crawl", "retailer_reviews", "-a", f"site={site}")
    assert finished.returncode == 2
    assert said in finished.stderr
