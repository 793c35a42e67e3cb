"""The promise under attack: made to fail anywhere and run again, a crawl ends as if nothing had happened."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.server import ShopServer, serving
from tdcrawl.faults import POINTS
from tdcrawl.store.engine import open_engine
from tdcrawl.store.tables import outcomes, records
from tdcrawl.store.verify import check_ledger
from tests.commands.test_crawl_labelled import IN_A_LABELLING
from tests.commands.test_dataset_places import IN_AN_UPLOAD
from tests.commands.test_erase_killed import IN_AN_ERASURE
from tests.commands.test_label import IN_A_BATCH
from tests.commands.test_promote import IN_A_PROMOTION
from tests.conftest import PROJECT, RunScrapy, run_scrapy_in

KEY = "5e" * 32
Ends = tuple[dict[str, str], dict[str, Any]]

# Where the point is passed in the middle of the crawl of the practice shop.
IN_A_CRAWL = {
    "after_yield": 5, "after_canonical": 150, "after_validate": 100, "after_exact_dedup": 100, "after_near_dedup": 100,
    "after_label": 100, "after_quota_reserve": 100, "before_commit": 10, "after_commit": 10, "before_page_done": 8,
    "after_page_done": 8, "export_open": 1, "export_rowgroup": 1, "export_before_rename": 1, "export_after_rename": 1,
}  # fmt: skip
IN_A_FREEZE = [
    "export_open", "export_rowgroup", "manifest_before", "manifest_after", "export_before_rename",
    "export_after_rename",
]  # fmt: skip
# Attacked in tests/review/test_queue_killed.py.
IN_A_REVIEW = ["review_before_commit", "review_after_commit"]
# `scrapy` on a disk with room for so many pages of a SQLite database.
ON_A_SMALL_DISK = """
import sys
from scrapy.cmdline import execute
from sqlalchemy import Engine, event
event.listen(Engine, "connect", lambda opened, _: opened.execute(f"PRAGMA max_page_count = {sys.argv[1]}"))
execute(["scrapy", *sys.argv[2:]])
"""
ON_POSTGRESQL = ["after_quota_reserve", "before_commit", "after_commit", "after_page_done"]


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopServer]:
    """Open the practice shop."""
    with serving(practice_shop()) as server:
        yield server


@pytest.fixture(scope="module")
def crawled(shop: ShopServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crawl the shop undisturbed; the data folder."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert crawl(run_scrapy_in(folder), shop, f"sqlite:///{folder}/tdcrawl.db").returncode == 0
    return folder


@pytest.fixture(scope="module")
def undisturbed(crawled: Path) -> Ends:
    """Tell how an undisturbed crawl ends."""
    return ends(f"sqlite:///{crawled}/tdcrawl.db")


def crawl(run_scrapy: RunScrapy, shop: ShopServer, database_url: str, **env: str) -> Any:
    start = f"start={shop.base_url}/catalogue"
    arguments = ("crawl", "retailer_reviews", "--json", "-a", "site=demo_store", "-a", start)
    return run_scrapy(*arguments, TDCRAWL_DATABASE_URL=database_url, TDCRAWL_PERSON_KEY=KEY, **env)


def crawl_until_finished(run_scrapy: RunScrapy, shop: ShopServer, database_url: str) -> None:
    for _ in range(3):
        finished = crawl(run_scrapy, shop, database_url)
        if finished.returncode == 0:
            return
    pytest.fail(finished.stdout + finished.stderr)


def ends(database_url: str) -> Ends:
    """Say where each item is, and what each record holds but for when it was fetched and by which run."""
    engine = open_engine(database_url)
    assert check_ledger(engine).problems == []
    with engine.connect() as connection:
        fates = dict(connection.execute(select(outcomes.c.item_id, outcomes.c.bucket)).all())
        kept = {
            row["record_id"]: (row["data"], row["flags"], row["label"], row["cluster_id"], row["content_hash"])
            for row in connection.execute(select(records)).mappings()
        }
    engine.dispose()
    return fates, kept


def check(run_scrapy: RunScrapy, shop: ShopServer, database_url: str, fault: str, undisturbed: Ends) -> int:
    """Crawl with a fault, then again until it is done; gives the exit status of the first."""
    return check_crawl(run_scrapy, shop, database_url, fault, undisturbed)[0]


def check_crawl(
    run_scrapy: RunScrapy, shop: ShopServer, database_url: str, fault: str, undisturbed: Ends
) -> tuple[int, dict[str, Any]]:
    """Crawl with a fault, then again until it is done; gives the exit status and the figures of the first."""
    first = crawl(run_scrapy, shop, database_url, TDCRAWL_FAULT=fault)
    crawl_until_finished(run_scrapy, shop, database_url)
    assert ends(database_url) == undisturbed
    return first.returncode, json.loads(first.stdout) if first.stdout.strip() else {}


@pytest.mark.parametrize(("point", "turn"), IN_A_CRAWL.items())
def test_crawl_when_it_was_killed(
    shop: ShopServer, undisturbed: Ends, run_scrapy: RunScrapy, tmp_path: Path, point: str, turn: int
) -> None:
    fault = f"{point}:{turn}:kill9"
    assert check(run_scrapy, shop, f"sqlite:///{tmp_path}/c.db", fault, undisturbed) == -signal.SIGKILL
    (run,) = (tmp_path / "data" / "runs").iterdir()
    assert {path.name for path in run.iterdir()} == {"failed_records.jsonl", "records.parquet"}


@pytest.mark.parametrize("point", ON_POSTGRESQL)
def test_crawl_when_it_was_killed_on_postgresql(
    shop: ShopServer, undisturbed: Ends, run_scrapy: RunScrapy, postgresql_database: str, point: str
) -> None:
    fault = f"{point}:{IN_A_CRAWL[point]}:kill9"
    assert check(run_scrapy, shop, postgresql_database, fault, undisturbed) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("point", "status"), [("after_yield", 1), ("after_validate", 1), ("before_page_done", 1), ("export_open", 1)]
)
def test_crawl_when_something_raised(
    shop: ShopServer, undisturbed: Ends, run_scrapy: RunScrapy, tmp_path: Path, point: str, status: int
) -> None:
    fault = f"{point}:{IN_A_CRAWL[point]}:raise"
    assert check(run_scrapy, shop, f"sqlite:///{tmp_path}/c.db", fault, undisturbed) == status


@pytest.mark.parametrize("turn", [6, 10, 14])
def test_crawl_when_a_write_raised(
    shop: ShopServer, undisturbed: Ends, run_scrapy: RunScrapy, tmp_path: Path, turn: int
) -> None:
    fault = f"before_commit:{turn}:raise"
    status, told = check_crawl(run_scrapy, shop, f"sqlite:///{tmp_path}/c.db", fault, undisturbed)
    # Which write it is depends on what gathers: items are written one by one, a page whose links were lost is put off.
    pending = told["pages"]["pending"]
    assert told["balanced"]
    assert (status, told["reason"]) == ((1, "incomplete") if pending else (0, "finished"))


@pytest.mark.parametrize("point", ["after_near_dedup", "after_commit", "before_page_done"])
def test_crawl_when_it_was_told_to_end(
    shop: ShopServer, undisturbed: Ends, run_scrapy: RunScrapy, tmp_path: Path, point: str
) -> None:
    fault = f"{point}:{IN_A_CRAWL[point]}:term"
    assert check(run_scrapy, shop, f"sqlite:///{tmp_path}/c.db", fault, undisturbed) == 130


def on_a_small_disk(pages: int, *command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run `scrapy …` with room for so many pages in the database."""
    env = os.environ | {f"TDCRAWL_{name}": value for name, value in settings.items()}
    arguments = [sys.executable, "-c", ON_A_SMALL_DISK, str(pages), *command]
    finished = subprocess.run(arguments, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
    assert "database or disk is full" in finished.stderr
    assert "Traceback" not in finished.stderr
    return finished


def test_crawl_when_the_disk_was_full(
    shop: ShopServer, crawled: Path, undisturbed: Ends, run_scrapy: RunScrapy, tmp_path: Path
) -> None:
    url, start = f"sqlite:///{tmp_path}/c.db", f"start={shop.base_url}/catalogue"
    pages = (crawled / "tdcrawl.db").stat().st_size // 4096
    settings = {"DATABASE_URL": url, "DATA_DIR": f"{tmp_path}/data", "PERSON_KEY": KEY}
    command = ("crawl", "retailer_reviews", "--json", "-a", "site=demo_store", "-a", start)
    full = on_a_small_disk(pages * 2 // 3, *command, DATABASE_PATIENCE_SECONDS="0", **settings)
    assert (full.returncode, json.loads(full.stdout)["reason"]) == (1, "sink_unavailable")
    fates, _ = ends(url)
    assert 0 < len(fates) < len(undisturbed[0])
    crawl_until_finished(run_scrapy, shop, url)
    assert ends(url) == undisturbed


@pytest.mark.parametrize("point", IN_A_FREEZE)
def test_freeze_when_it_was_killed(crawled: Path, run_scrapy: RunScrapy, tmp_path: Path, point: str) -> None:
    manifests = []
    for name, fault in (("undisturbed", ""), ("killed", f"{point}:1:kill9")):
        shutil.copytree(crawled, tmp_path / name)
        freeze, data = ("dataset", "freeze", "v1"), {"TDCRAWL_DATA_DIR": str(tmp_path / name)}
        first = run_scrapy(*freeze, **data, TDCRAWL_FAULT=fault)
        assert first.returncode == (-signal.SIGKILL if fault else 0)
        version = tmp_path / name / "datasets" / "v1"
        # What is there is whole, or is not there.
        assert version.exists() == (version / "manifest.json").exists()
        run_scrapy(*freeze, **data)
        manifests.append(json.loads((version / "manifest.json").read_text()))
        verified = run_scrapy("dataset", "verify", "v1", **data)
        assert verified.returncode == 0, verified.stderr
    assert manifests[0]["rows_sha256"] == manifests[1]["rows_sha256"]


def test_freeze_when_the_database_had_no_room(crawled: Path, run_scrapy: RunScrapy, tmp_path: Path) -> None:
    freeze, manifests = ("dataset", "freeze", "v1"), []
    for name in ("undisturbed", "full"):
        data = tmp_path / name
        shutil.copytree(crawled, data)
        if name == "full":
            pages = (data / "tdcrawl.db").stat().st_size // 4096
            assert on_a_small_disk(pages, *freeze, DATA_DIR=str(data)).returncode == 1
            assert list((data / "datasets").iterdir()) == []
        assert run_scrapy(*freeze, TDCRAWL_DATA_DIR=str(data)).returncode == 0
        manifests.append(json.loads((data / "datasets" / "v1" / "manifest.json").read_text()))
    assert manifests[0] == manifests[1]


def test_every_point_is_attacked() -> None:
    of_datasets = {*IN_A_FREEZE, *IN_AN_UPLOAD, *IN_AN_ERASURE, *IN_A_PROMOTION}
    assert of_datasets | {*IN_A_CRAWL, *IN_A_LABELLING, *IN_A_BATCH, *IN_A_REVIEW} == set(POINTS)


def test_a_fault_that_is_none_is_refused(run_scrapy: RunScrapy) -> None:
    refused = run_scrapy("sites", TDCRAWL_FAULT="after_lunch:1:kill9")
    assert "TDCRAWL_FAULT=after_lunch:1:kill9: write name:n:action" in refused.stderr
