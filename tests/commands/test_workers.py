"""Several processes read one site, each a host of its own; `scrapy workers` shows who reads what."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from benchmarks.reviews import write_csv
from tdcrawl.demo.catalogue import practice_shop, shop_from_csv
from tdcrawl.demo.server import ShopServer, serving
from tdcrawl.store.engine import open_engine
from tdcrawl.store.overview import at_work
from tdcrawl.store.tables import outcomes, pages, records, runs
from tdcrawl.store.verify import check_ledger
from tests.commands.conftest import SITE
from tests.conftest import PROJECT, RunScrapy
from tests.waiting import wait_until

REVIEWS = 600
KEY = "5e" * 32
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def two_hosts(tmp_path: Path) -> Iterator[tuple[ShopServer, ShopServer]]:
    """Open two shops with different reviews, and write one site file for both."""
    write_csv(tmp_path / "reviews.csv", REVIEWS)
    with serving(practice_shop()) as one, serving(shop_from_csv(tmp_path / "reviews.csv")) as two:
        starts = json.dumps([f"{one.base_url}/catalogue", f"{two.base_url}/catalogue"])
        (tmp_path / "two_hosts.toml").write_text(SITE.replace('["http://127.0.0.1/"]', starts))
        yield one, two


@pytest.fixture
def start(two_hosts: tuple[ShopServer, ShopServer], tmp_path: Path) -> Iterator[Start]:
    """Start processes that crawl both shops."""
    started: list[subprocess.Popen[str]] = []

    def one(database_url: str, delay: float = 0.1) -> "subprocess.Popen[str]":
        command = [
            sys.executable,
            "-m",
            "scrapy",
            "crawl",
            "retailer_reviews",
            "--json",
            "-a",
            f"site={tmp_path}/two_hosts.toml",
        ]
        settings = {"TDCRAWL_DATABASE_URL": database_url, "TDCRAWL_DATA_DIR": str(tmp_path), "TDCRAWL_PERSON_KEY": KEY}
        process = subprocess.Popen(
            [*command, "-s", f"DOWNLOAD_DELAY={delay}"], cwd=PROJECT, env=os.environ | settings,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    assert len(two_hosts) == 2
    yield one
    for process in started:
        process.kill()
        process.communicate()


def ends(database_url: str) -> tuple[list[Any], list[Any]]:
    """Say where each item is, and what the records are."""
    engine = open_engine(database_url)
    check = check_ledger(engine)
    assert (check.problems, check.items["pending"], check.pages["pending"]) == ([], 0, 0)
    with engine.connect() as connection:
        fates = sorted(tuple(row) for row in connection.execute(select(outcomes.c.item_id, outcomes.c.bucket)))
        kept = sorted(
            tuple(row)
            for row in connection.execute(select(records.c.record_id, records.c.label, records.c.content_hash))
        )
        assert connection.scalars(select(runs.c.finish_reason)).all() == ["finished"]
    engine.dispose()
    return fates, kept


def wait_until_both_read(processes: Sequence["subprocess.Popen[str]"], database_url: str) -> None:
    engine = open_engine(database_url)

    def both_read() -> bool:
        assert [process.poll() for process in processes] == [None, None]
        found = at_work(engine)
        return len(found) == 2 and all(len(worker["hosts"]) == 1 and worker["pages_read"] for worker in found)

    wait_until(both_read)
    engine.dispose()


def assert_shown(run_scrapy: RunScrapy, database_url: str, processes: set[int]) -> None:
    """Look at workers that hold still: on a slow machine they would be done before the command has looked."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    printed = run_scrapy("workers", "--json", TDCRAWL_DATABASE_URL=database_url).stdout
    for process in processes:
        os.kill(process, signal.SIGCONT)
    one, two = json.loads(printed)["workers"]
    assert {one["process"], two["process"]} == processes
    assert one["run"] == two["run"]
    assert one["hosts"] != two["hosts"]


@pytest.mark.parametrize("killed", [False, True])
def test_two_workers_give_what_one_gives_even_if_one_is_killed(
    start: Start, run_scrapy: RunScrapy, postgresql_database: str, tmp_path: Path, killed: bool
) -> None:
    alone = f"sqlite:///{tmp_path}/alone.db"
    assert start(alone, 0).wait() == 0
    one, two = start(postgresql_database), start(postgresql_database)
    wait_until_both_read((one, two), postgresql_database)
    if killed:
        two.kill()
    else:
        assert_shown(run_scrapy, postgresql_database, {one.pid, two.pid})
    statuses = [one.wait(timeout=90), two.wait(timeout=90)]
    assert statuses == [0, -signal.SIGKILL if killed else 0]
    fates, kept = ends(postgresql_database)
    expected_fates, expected = ends(alone)
    assert set(fates) ^ set(expected_fates) == set()
    assert set(kept) ^ set(expected) == set()
    shown = run_scrapy("workers", TDCRAWL_DATABASE_URL=postgresql_database).stdout
    assert shown == "Nobody is crawling into this database.\n"


def test_no_page_is_read_by_two_workers(start: Start, postgresql_database: str) -> None:
    processes = [start(postgresql_database, 0) for _ in range(3)]
    said = [process.communicate(timeout=90)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    engine = open_engine(postgresql_database)
    with engine.connect() as connection:
        assert connection.scalar(select(func.max(pages.c.attempts))) == 1
    engine.dispose()
