"""Secrets over a whole run, with errors provoked that quote them: no place that others read has one."""

import base64
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from sqlalchemy import MetaData, select

from tdcrawl.privacy import KEY_FILE
from tdcrawl.settings import ITEM_PIPELINES
from tdcrawl.store.engine import open_engine
from tests.commands.conftest import SITE, Page, a_review, hand_made, review_page
from tests.commands.test_crawl_labelled import unrated
from tests.conftest import PROJECT, RunScrapy
from tests.messages_server import MessagesServer

API_KEY, PASSWORD, PROXY, OF_THE_SHOP = "sk-sentinel-1", "sentinel/2", "sentinel-3", "sentinel-4"
LINKS = '<a class="product" href="/moved">1</a><a class="product" href="https://{host}/sealed">2</a>'
PAGES = {
    "/": review_page(a_review(1), a_review(2), unrated(3), links=LINKS),
    "/moved": Page(status=302, headers={"Location": f"http://jo:{OF_THE_SHOP}@{{host}}/here"}),
    "/here": replace(review_page(a_review(4)), headers={"Set-Cookie": f"session={OF_THE_SHOP}"}),
}
STAGE = """
import os
from pathlib import Path
from tdcrawl.pipelines.base import Stage

class TellTale(Stage):
    name = "tell_tale"

    def process_item(self, item):
        if item.raw["text"].startswith("review 1 "):
            lines = [line.read_bytes() for line in Path("/proc").glob("[0-9]*/cmdline")]
            Path(__file__).with_name("processes").write_bytes(b"\\n".join(lines))
            key, engine = self.session.person_key.hex(), self.session.ledger.engine
            raise RuntimeError("; ".join([os.environ["ANTHROPIC_API_KEY"], key, engine.url.password]))
        return item
"""
"""Looks at the process list in the middle of a crawl, and quotes what it knows."""


@pytest.fixture
def env(server: MessagesServer, postgresql_database: str, tmp_path: Path) -> dict[str, str]:
    """Give all secrets by the environment, but the key of persons: that is made in its file."""
    server.answer, server.complaint = lambda _: 401, f"there is no key {API_KEY}"
    (tmp_path / "tell_tale.py").write_text(STAGE)
    return {
        **server.env, "ANTHROPIC_API_KEY": API_KEY, "TDCRAWL_LABEL_BUDGET_USD": "1", "PYTHONPATH": str(tmp_path),
        "TDCRAWL_DATABASE_URL": postgresql_database.replace("tester@", f"tester:{quote(PASSWORD, safe='')}@"),
        # Nobody is there.
        "https_proxy": f"http://me:{PROXY}@127.0.0.1:1", "TDCRAWL_LOG_LEVEL": "DEBUG",
    }  # fmt: skip


@pytest.fixture
def said(env: dict[str, str], run_scrapy: RunScrapy, tmp_path: Path) -> str:
    """Crawl, label, freeze and report; all that was printed and logged."""
    (site := tmp_path / "hand_made.toml").write_text(SITE)
    told = {
        "ITEM_PIPELINES": json.dumps({**ITEM_PIPELINES, "tell_tale.TellTale": 450}),
        "TDCRAWL_TELL_TALE_ENABLED": "1",
    }
    with hand_made(PAGES) as shop:
        settings = [word for name, value in told.items() for word in ("-s", f"{name}={value}")]
        # In a process of its own from the start: one that is forked has the command line of the tests.
        crawled = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "retailer_reviews", "--json", *settings,
             "-a", f"site={site}", "-a", f"start={shop}/"],
            cwd=PROJECT, env=os.environ | env | {"TDCRAWL_DATA_DIR": str(tmp_path / "data")},
            text=True, capture_output=True, check=False,
        )  # fmt: skip
    figures = json.loads(crawled.stdout)
    assert [figures["items"][bucket] for bucket in ("record", "failed", "pending")] == [2, 1, 1]
    assert figures["pages"]["pending"] == 1
    more = [
        run_scrapy("label", **env),
        run_scrapy(
            "dataset",
            "freeze",
            "v1",
            "--balance",
            "none",
            "--accept",
            "open_failures",
            "--format",
            "parquet,csv",
            **env,
        ),
        run_scrapy("report", "--html", str(tmp_path / "data" / "report.html"), **env),
    ]
    assert [finished.returncode for finished in more] == [0, 0, 0], more
    return "\n".join(text for finished in (crawled, *more) for text in (finished.stdout, finished.stderr))


@pytest.mark.attack(
    "keys and passwords that errors, a service and a shop quote, over a whole run",
    "in no log, table, feed, archive, version, report or process list",
    cases=5,
)
def test_run_leaves_no_secret_anywhere(said: str, postgresql_database: str, tmp_path: Path) -> None:
    key = tmp_path / "data" / KEY_FILE
    assert key.stat().st_mode & 0o777 == 0o600
    places = {
        "log": said, "database": all_rows(postgresql_database),
        "processes": (tmp_path / "processes").read_text("utf-8", "replace"), **files(tmp_path / "data"),
    }  # fmt: skip
    # Each place was looked into, where the secrets would be.
    assert "RuntimeError: ***; ***; ***" in said
    assert "there is no key ***" in said
    assert "RuntimeError('***; ***; ***')" in places["database"]
    assert "there is no key ***" in places["database"]
    assert "/robots.txt', 'status': None" in places["database"]
    assert "retailer_reviews" in places["processes"]
    secrets = {API_KEY, PASSWORD, PROXY, OF_THE_SHOP, key.read_text().strip()}
    assert not [(place, spelt) for place, text in places.items() for spelt in spellings(secrets) if spelt in text]


def spellings(secrets: set[str]) -> Iterator[str]:
    """Spell secrets as they are, as in addresses, and as in headers."""
    for secret in secrets:
        yield from (secret, quote(secret, safe=""), base64.b64encode(f"me:{secret}".encode()).decode())


def files(folder: Path) -> dict[str, str]:
    """Read all files but that of the key, unpacked, with what must be among them."""
    found = {str(path.relative_to(folder)): unpacked(path) for path in folder.rglob("*") if path.is_file()}
    del found[KEY_FILE]
    kinds = {"".join(Path(name).suffixes) for name in found}
    assert kinds >= {".warc.gz", ".parquet", ".csv", ".jsonl", ".json", ".html"}
    return found


def unpacked(path: Path) -> str:
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return repr((table.to_pylist(), table.schema.metadata))
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace")


def all_rows(database_url: str) -> str:
    """Read all tables and views, whoever made them."""
    engine, there = open_engine(database_url), MetaData()
    with engine.connect() as connection:
        there.reflect(connection, views=True)
        rows = {name: connection.execute(select(table)).all() for name, table in there.tables.items()}
    engine.dispose()
    return repr(rows)
