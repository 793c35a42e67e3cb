"""`scrapy crawl` again: what was left unfinished is taken up, and what is finished is not done twice."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tdcrawl.demo.server import ShopServer
from tdcrawl.store.engine import open_engine
from tdcrawl.store.tables import outcomes, pages, runs
from tdcrawl.store.verify import check_ledger
from tests.commands.conftest import Crawl, start_crawl


def found(database_url: str, query: Any) -> list[tuple[Any, ...]]:
    engine = open_engine(database_url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    engine.dispose()
    return rows


def test_crawl_again_when_it_was_killed_ends_as_if_it_had_not_been(
    shop: ShopServer, crawl: Crawl, database_url: str, tmp_path: Path
) -> None:
    undisturbed, fates = f"sqlite:///{tmp_path}/undisturbed.db", select(outcomes.c.item_id, outcomes.c.bucket)
    crawl(shop, TDCRAWL_DATABASE_URL=undisturbed)
    process = start_crawl(shop, database_url, tmp_path)
    process.kill()
    process.communicate()
    resumed = crawl(shop, TDCRAWL_DATABASE_URL=database_url)
    assert (resumed.status, resumed.figures["reason"], resumed.figures["balanced"]) == (0, "finished", True)
    assert found(database_url, select(runs.c.finish_reason)) == [("finished",)]
    # Which of two copies is kept does not depend on when they came, so neither does where any item is.
    assert sorted(found(database_url, fates)) == sorted(found(undisturbed, fates))
    # The figures are the whole run's, not those of its second process.
    assert resumed.figures["items"]["pending"] == resumed.figures["pages"]["pending"] == 0
    assert resumed.figures["items"]["yielded"] == len(found(database_url, fates))


def test_crawl_again_when_it_was_killed_reads_no_page_twice_that_was_done(
    shop: ShopServer, crawl: Crawl, database_url: str, tmp_path: Path
) -> None:
    process = start_crawl(shop, database_url, tmp_path)
    process.kill()
    process.communicate()
    done = {url for (url,) in found(database_url, select(pages.c.url).where(pages.c.state == "done"))}
    shop.hits.clear()
    crawl(shop, TDCRAWL_DATABASE_URL=database_url)
    assert done
    assert not {url for url in done if url.removeprefix(shop.base_url) in shop.hits}
    assert not found(
        database_url, select(pages.c.url).where(pages.c.leased_by.is_not(None), pages.c.state == "pending")
    )


def test_crawl_again_when_it_has_finished_says_so_and_does_nothing(shop: ShopServer, crawl: Crawl) -> None:
    first = crawl(shop)
    shop.hits.clear()
    again = crawl(shop)
    assert (again.status, again.figures) == (0, {"run": first.figures["run"], "reason": "already_finished"})
    assert again.errors.startswith(f"run {first.figures['run']} has read all of demo_store (it finished ")
    assert again.errors.endswith("; to read it anew: -a again=1\n")
    assert shop.hits == {}
    assert crawl(shop, "-a", "again=1").figures["run"] != first.figures["run"]


def test_crawl_when_it_begins_at_another_page_is_another_run(shop: ShopServer, crawl: Crawl) -> None:
    first, other = crawl(shop), crawl(shop, "-a", f"start={shop.base_url}/catalogue?page=2")
    assert (other.figures["reason"], other.figures["run"] != first.figures["run"]) == ("already_finished", False)
    elsewhere = crawl(shop, "-a", f"start={shop.base_url}/")
    assert elsewhere.figures["run"] != first.figures["run"]


def test_crawl_with_a_limit_goes_on_where_it_stopped(shop: ShopServer, crawl: Crawl, database_url: str) -> None:
    first = crawl(shop, "-a", "limit=25", TDCRAWL_DATABASE_URL=database_url)
    second = crawl(shop, "-a", "limit=30", TDCRAWL_DATABASE_URL=database_url)
    assert first.figures["run"] == second.figures["run"]
    assert second.figures["items"]["yielded"] == 55
    assert len(found(database_url, select(outcomes.c.item_id))) == 55


def test_crawl_when_another_process_reads_the_site_is_refused_on_sqlite(
    shop: ShopServer, crawl: Crawl, tmp_path: Path
) -> None:
    database_url = f"sqlite:///{tmp_path}/c.db"
    process = start_crawl(shop, database_url, tmp_path, "-s", "DOWNLOAD_DELAY=1", records=1)
    for more in ((), ("-a", "again=1")):
        second = crawl(shop, *more, TDCRAWL_DATABASE_URL=database_url)
        assert second.status == 1
        assert second.errors.startswith(f"process {process.pid} on ")
        assert " is reading demo_store (run " in second.errors
    process.terminate()
    printed, _ = process.communicate()
    resumed = crawl(shop, TDCRAWL_DATABASE_URL=database_url)
    assert (resumed.status, resumed.figures["run"]) == (0, json.loads(printed)["run"])
    engine = open_engine(database_url)
    assert check_ledger(engine).problems == []
    engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-s", "JOBDIR=job"), "JOBDIR: the requests of a crawl are kept in its database"),
        (("-a", "again=yes"), "-a again=yes: give 1 to read the site anew, or leave it out"),
    ],
)
def test_crawl_refuses(shop: ShopServer, crawl: Crawl, arguments: tuple[str, ...], message: str) -> None:
    crawled = crawl(shop, *arguments)
    assert (crawled.status, crawled.figures) == (2, {})
    assert crawled.errors.startswith(message)
