"""What a crawl logs: lines as text or as JSON, with site and run, and nothing secret in them."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tdcrawl.settings import ITEM_PIPELINES
from tests.commands.conftest import Crawled, Page, a_review, review_page
from tests.conftest import RunScrapy

CrawlPages = Callable[..., Crawled]

API_KEY, PERSON_KEY, PASSWORD, OF_THE_SHOP = "sk-sentinel-1", "5e" * 32, "sentinel-2", "sentinel-3"
SECRETS = (API_KEY, PERSON_KEY, PASSWORD, OF_THE_SHOP)
PAGES = {
    "/": review_page(a_review(1), a_review(2), links='<a class="product" href="/moved">1</a>'),
    "/moved": Page(status=302, headers={"Location": f"http://jo:{OF_THE_SHOP}@{{host}}/here"}),
    "/here": replace(review_page(a_review(3)), headers={"Set-Cookie": f"session={OF_THE_SHOP}"}),
}
STAGE = """
import os
from tdcrawl.pipelines.base import Stage

class TellTale(Stage):
    name = "tell_tale"

    def process_item(self, item):
        if item.raw["text"].startswith("review 1 "):
            raise RuntimeError(os.environ["ANTHROPIC_API_KEY"] + self.session.ledger.engine.url.password)
        return item

    def close_spider(self):
        raise RuntimeError(os.environ["ANTHROPIC_API_KEY"])
"""
LINE = "] DEBUG: [hand_made "


@pytest.fixture(scope="module", params=["text", "json"])
def log_format(request: pytest.FixtureRequest) -> str:
    """Name each format in turn."""
    return str(request.param)


@pytest.fixture
def logged(log_format: str, crawl_pages: CrawlPages, postgresql_database: str, tmp_path: Path) -> list[str]:
    """Crawl at DEBUG with secrets all over the place, into a file; its lines."""
    (tmp_path / "tell_tale.py").write_text(STAGE)
    url = postgresql_database.replace("tester@", f"tester:{PASSWORD}@")
    more = {
        "TDCRAWL_DATABASE_URL": url, "TDCRAWL_PERSON_KEY": PERSON_KEY, "LOG_LEVEL": "DEBUG",
        "ITEM_PIPELINES": json.dumps({**ITEM_PIPELINES, "tell_tale.TellTale": 550}),
        "TDCRAWL_TELL_TALE_ENABLED": "true", "LOG_FILE": str(tmp_path / "data" / "crawl.log"),
    }  # fmt: skip
    told = [word for name, value in more.items() for word in ("-s", f"{name}={value}")]
    env = {"ANTHROPIC_API_KEY": API_KEY, "PYTHONPATH": str(tmp_path), "TDCRAWL_LOG_FORMAT": log_format}
    (tmp_path / "data").mkdir()
    crawled = crawl_pages(PAGES, *told, **env)
    assert (crawled.status, crawled.figures["failures"]) == (1, ["stage tell_tale did not close"])
    assert crawled.figures["items"]["record"] == 2
    assert not [secret for secret in SECRETS if secret in json.dumps(crawled.figures)]
    log = (tmp_path / "data" / "crawl.log").read_text()
    shown = re.findall(r"-s (\w+) shows a secret to all on this machine", crawled.errors + log)
    assert sorted(shown) == ["TDCRAWL_DATABASE_URL", "TDCRAWL_PERSON_KEY"]
    return log.splitlines()


@pytest.mark.attack("errors that quote keys and passwords, logged as text and as JSON", "hidden in every line", cases=2)
def test_log_tells_site_and_run_and_no_secret(logged: list[str], log_format: str, tmp_path: Path) -> None:
    assert [line for line in logged if "Redirecting (302)" in line and "//***@127.0.0.1" in line]
    assert [line for line in logged if "RuntimeError: ******" in line or 'RuntimeError: ******"' in line]
    (run,) = (tmp_path / "data" / "runs").iterdir()
    if log_format == "text":
        assert [line for line in logged if f"{LINE}{run.name}] Redirecting (302)" in line]
    else:
        lines = [json.loads(line) for line in logged]
        assert {tuple(line) for line in lines} >= {("time", "level", "logger", "message", "site", "run", "exc_info")}
        assert {(line["site"], line["run"]) for line in lines} == {(None, None), ("hand_made", run.name)}
    assert not [secret for secret in SECRETS if secret in "\n".join(logged)]


def test_log_when_its_format_is_unknown(run_scrapy: RunScrapy) -> None:
    finished = run_scrapy("crawl", "retailer_reviews", "-a", "site=demo_store", TDCRAWL_LOG_FORMAT="xml")
    assert finished.returncode == 2
    assert "TDCRAWL_LOG_FORMAT: give text or json, not 'xml'" in finished.stderr
