"""An erasure that is killed and run again ends as an undisturbed one; so does one in the middle of a crawl."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.server import ShopServer, serving
from tdcrawl.store import tables
from tdcrawl.store.archive import FOLDER
from tdcrawl.store.engine import open_engine
from tdcrawl.store.erasure_tables import dataset_errata, erased_items, erased_places, tombstones
from tdcrawl.store.overwriting import members
from tdcrawl.store.tables import outcomes, pages, records
from tdcrawl.store.verify import check_ledger
from tests.commands.conftest import start_crawl
from tests.commands.test_erase import AUTHOR, KEY, TEXTS, erase, everything_below, places_of
from tests.conftest import RunScrapy, run_scrapy_in

IN_AN_ERASURE = ["erase_before_commit", "erase_after_commit", "erase_after_archive", "erase_after_feeds"]
POINTS = [*IN_AN_ERASURE, "manifest_after", "export_before_rename", "export_after_rename"]


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopServer]:
    """Open the practice shop."""
    with serving(practice_shop()) as server:
        yield server


@pytest.fixture(scope="module")
def crawled(shop: ShopServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crawl the shop; the data folder."""
    folder = tmp_path_factory.mktemp("crawled")
    start = f"start={shop.base_url}/catalogue"
    run = ("crawl", "retailer_reviews", "-a", "site=demo_store", "-a", start)
    assert run_scrapy_in(folder)(*run, TDCRAWL_PERSON_KEY=KEY).returncode == 0
    return folder


@pytest.fixture(scope="module")
def undisturbed(crawled: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Tell how an undisturbed erasure ends."""
    folder = frozen(crawled, tmp_path_factory.mktemp("undisturbed"))
    erase(run_scrapy_in(folder), "--author", AUTHOR, TDCRAWL_PERSON_KEY=KEY)
    return ends(folder)


def frozen(crawled: Path, target: Path) -> Path:
    """Copy a data folder and freeze v1 in it, which is to know its own place."""
    folder = target / "data"
    shutil.copytree(crawled, folder)
    assert run_scrapy_in(folder)("dataset", "freeze", "v1").returncode == 0
    return folder


def ends(folder: Path) -> dict[str, Any]:
    """Say what is left: rows that tell of it, files but for what in them names a time or a place."""
    engine = open_engine(f"sqlite:///{folder}/tdcrawl.db")
    assert check_ledger(engine).problems == []
    with engine.connect() as connection:
        told: dict[str, Any] = {
            "outcomes": rows(connection, select(outcomes.c.item_id, outcomes.c.bucket, outcomes.c.reason)),
            "records": rows(connection, select(records.c.record_id, records.c.content_hash, records.c.label)),
            "pages": rows(connection, select(pages.c.page_id, pages.c.archive_file, pages.c.archive_offset)),
            "erased": rows(connection, select(erased_items.c.item_id, erased_items.c.content_hash)),
            "tombstones": rows(connection, select(tombstones.c.kind, tombstones.c.key, tombstones.c.counts)),
            "errata": rows(connection, select(*(c for c in dataset_errata.c if c.name != "at"))),
            "to do": connection.scalar(select(func.count()).select_from(erased_places)),
        }
    engine.dispose()
    (archive,) = (folder / FOLDER).rglob("*.warc.gz")
    (run,) = (folder / "runs").iterdir()
    told["archive"] = [(offset, content[:30]) for offset, content in members(archive)]
    told["version"] = everything_below(folder / "datasets")
    told["feeds"] = sorted(path.name for path in run.iterdir())
    told["failed"] = sorted(
        json.loads(line)["item_id"] for line in (run / "failed_records.jsonl").read_text().splitlines()
    )
    return told


def rows(connection: Any, query: Any) -> list[str]:
    return sorted(map(repr, connection.execute(query)))


@pytest.mark.parametrize("point", POINTS)
def test_erase_when_it_was_killed(crawled: Path, undisturbed: dict[str, Any], tmp_path: Path, point: str) -> None:
    folder = frozen(crawled, tmp_path)
    run_scrapy = run_scrapy_in(folder)
    again = ("dataset", "erase", "--author", AUTHOR)
    killed = run_scrapy(*again, TDCRAWL_PERSON_KEY=KEY, TDCRAWL_FAULT=f"{point}:1:kill9")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert erase(run_scrapy, "--author", AUTHOR, TDCRAWL_PERSON_KEY=KEY)["found"] == []
    assert ends(folder) == undisturbed
    assert places_of([AUTHOR, *TEXTS], everything_below(folder)) == set()
    assert run_scrapy("verify").returncode == 0


def test_verify_says_what_to_do_when_a_kill_left_the_old_files(crawled: Path, tmp_path: Path) -> None:
    folder = frozen(crawled, tmp_path)
    run_scrapy = run_scrapy_in(folder)
    fault = "erase_after_commit:1:kill9"
    run_scrapy("dataset", "erase", "--author", AUTHOR, TDCRAWL_PERSON_KEY=KEY, TDCRAWL_FAULT=fault)
    place, finish = folder / "datasets" / "v1", ("dataset", "freeze", "v1")
    verified = json.loads(run_scrapy("dataset", "verify", "v1", "--json").stdout)
    assert verified["problems"] == [
        f"{place} still has rows that were erased: write it anew with `scrapy dataset freeze v1`"
    ]
    assert run_scrapy(*finish).returncode == 0
    assert run_scrapy("dataset", "verify", "v1").returncode == 0
    assert run_scrapy(*finish).returncode == 1


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_erase_while_a_crawl_goes_on(
    shop: ShopServer, run_scrapy: RunScrapy, database_url: str, tmp_path: Path
) -> None:
    env, data = {"TDCRAWL_DATABASE_URL": database_url, "TDCRAWL_PERSON_KEY": KEY}, tmp_path / "data"
    data.mkdir()
    process = start_crawl(shop, database_url, data, records=60, TDCRAWL_PERSON_KEY=KEY)
    erased = erase(run_scrapy, "--author", AUTHOR, **env)
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    engine = open_engine(database_url)
    assert json.loads(output)["items"]["yielded"] == count(engine, tables.outcomes)
    assert count(engine, erased_items) == len(TEXTS)
    assert erased["erased"]["items"] < len(TEXTS)
    assert check_ledger(engine).problems == []
    assert places_of([AUTHOR, *TEXTS], everything_below(data)) == set()
    engine.dispose()
