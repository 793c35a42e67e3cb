"""`scrapy crawl`: the practice shop goes all the way, and everything it planted is found where it belongs."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select

from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.planted import BROKEN, CONTRAST_PAIRS, CROSS_POSTED, NEAR_COPIES
from tdcrawl.demo.server import ShopServer
from tdcrawl.outcomes import ValidateReason
from tdcrawl.store.engine import open_engine
from tdcrawl.store.tables import duplicates, pages, records
from tests.commands.conftest import Crawl, Crawled
from tests.conftest import RunScrapy

ALL = sum(len(product.reviews) for product in practice_shop().products)
FAILED = sum(len(changes) for changes in BROKEN.values())
KNOWN = ALL - FAILED
KEPT = KNOWN - CROSS_POSTED - NEAR_COPIES


def found(database_url: str, query: Select[Any]) -> dict[str, Any]:
    engine = open_engine(database_url)
    with engine.connect() as connection:
        rows: dict[str, Any] = dict(connection.execute(query).all())
    engine.dispose()
    return rows


def reasons(crawled: Crawled, stage: str) -> dict[str, int]:
    found: list[dict[str, int]] = [s["reasons"] for s in crawled.figures["stages"] if s["stage"] == stage]
    return found[0]


def test_crawl_accounts_for_every_planted_review(shop: ShopServer, crawl: Crawl, database_url: str) -> None:
    crawled = crawl(shop, TDCRAWL_DATABASE_URL=database_url)
    assert crawled.status == 0, crawled.errors
    assert crawled.figures["balanced"]
    assert crawled.figures["alarms"] == []
    assert crawled.figures["items"] == {
        "moved": crawled.figures["items"]["moved"], "reopened": 0,
        "yielded": ALL, "seen_again": 0, "record": KEPT, "duplicate": CROSS_POSTED + NEAR_COPIES, "failed": FAILED,
        "over_quota": 0, "needs_review": 0, "pending": 0,
    }  # fmt: skip
    # A copy is stopped by its stage, or makes a record its duplicate: whichever of the two is the better one is kept.
    copies = {"exact_duplicate": CROSS_POSTED, "near_duplicate": NEAR_COPIES}
    assert crawled.figures["reasons"]["duplicate"] == copies
    assert found(database_url, select(duplicates.c.reason, func.count()).group_by(duplicates.c.reason)) == copies


def test_crawl_keeps_the_same_records_in_whatever_order_pages_come(
    shop: ShopServer, crawl: Crawl, tmp_path: Path
) -> None:
    kept = []
    # A deep page first, or a wide one: the queue is a stack by default.
    for priority in (-5, 5):
        database_url = f"sqlite:///{tmp_path}/{priority}.db"
        crawl(shop, "-s", f"DEPTH_PRIORITY={priority}", TDCRAWL_DATABASE_URL=database_url)
        kept.append(found(database_url, select(records.c.record_id, records.c.cluster_id)))
    assert len(kept[0]) == KEPT
    assert kept[0] == kept[1]


def test_every_validation_reason_occurs(any_shop: ShopServer, crawl: Crawl) -> None:
    crawled = crawl(any_shop)
    assert reasons(crawled, "validate_record") == {reason: len(changes) for reason, changes in BROKEN.items()}
    assert set(reasons(crawled, "validate_record")) == set(ValidateReason)
    assert crawled.figures["items"]["record"] == KEPT


def test_each_stage_sees_what_the_one_before_passed(shop: ShopServer, crawl: Crawl) -> None:
    stages = crawl(shop).figures["stages"]
    assert [step["seen"] for step in stages] == [ALL, *(step["passed"] for step in stages[:-1])]
    assert all(step["seen"] == step["passed"] + step["rejected"] for step in stages)


def test_no_page_is_fetched_twice_and_robots_txt_is_obeyed(shop: ShopServer, crawl: Crawl) -> None:
    crawled = crawl(shop, "-s", "RETRY_TIMES=0")
    assert {address: hits for address, hits in shop.hits.items() if hits > 1} == {}
    assert not [address for address in shop.hits if address.startswith("/account/")]
    assert crawled.figures["page_reasons"] == {
        "failed": {"http_status": 2},
        "skipped": {"robots_disallowed": 1},
    }


def test_opposite_reviews_are_kept_and_share_a_cluster(shop: ShopServer, crawl: Crawl, database_url: str) -> None:
    crawl(shop, TDCRAWL_DATABASE_URL=database_url)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        clusters = Counter(connection.scalars(select(records.c.cluster_id)))
        pairs = [cluster for cluster, members in clusters.items() if members == 2]
        kept = connection.execute(select(records.c.label).where(records.c.cluster_id.in_(pairs))).scalars().all()
    assert len(pairs) == CONTRAST_PAIRS
    assert Counter(kept) == {"positive": CONTRAST_PAIRS, "negative": CONTRAST_PAIRS}
    engine.dispose()


def test_crawl_again_when_all_was_seen(shop: ShopServer, crawl: Crawl, database_url: str) -> None:
    crawl(shop, TDCRAWL_DATABASE_URL=database_url)
    again = crawl(shop, "-a", "again=1", TDCRAWL_DATABASE_URL=database_url)
    assert again.status == 0
    items = again.figures["items"]
    # What failed has another chance, and fails again, which is no news.
    assert [items[name] for name in ("yielded", "reopened", "failed")] == [FAILED] * 3
    assert items["seen_again"] == KNOWN
    assert f"  {KNOWN} items have their outcome from earlier pages or runs" in again.figures["warnings"]
    assert again.figures["balanced"]


def test_crawl_again_with_a_larger_quota_takes_what_was_surplus(
    shop: ShopServer, crawl: Crawl, database_url: str
) -> None:
    crawl(shop, TDCRAWL_DATABASE_URL=database_url, TDCRAWL_QUOTA='{"positive": 40}')
    again = crawl(shop, "-a", "again=1", TDCRAWL_DATABASE_URL=database_url)
    assert again.status == 0
    assert again.figures["balanced"]
    assert len(found(database_url, select(records.c.record_id, records.c.cluster_id))) == KEPT


def test_limit_stops_at_that_many_items_and_leaves_the_page_pending(shop: ShopServer, crawl: Crawl) -> None:
    crawled = crawl(shop, "-a", "limit=25", "-s", "CONCURRENT_REQUESTS=1")
    assert (crawled.status, crawled.figures["reason"]) == (0, "limit_reached")
    assert crawled.figures["items"]["yielded"] == 25
    assert crawled.figures["items"]["pending"] == 0
    pages = crawled.figures["pages"]
    assert pages["pending"] == pages["scheduled"] - pages["done"] - pages["failed"] - pages["skipped"] > 0


def test_surplus_goes_over_quota_when_the_seats_are_taken(shop: ShopServer, crawl: Crawl) -> None:
    crawled = crawl(shop, TDCRAWL_QUOTA='{"positive": 40, "negative": 7}')
    strata, items = crawled.figures["strata"], crawled.figures["items"]
    assert (strata["positive"], strata["negative"]) == (40, 7)
    assert items["record"] == sum(strata.values())
    # A copy of a surplus record is surplus too: there is no record that it could repeat.
    assert items["over_quota"] == ALL - FAILED - items["record"] - items["duplicate"]
    assert items["over_quota"] >= KEPT - items["record"]
    assert crawled.status == 0


def test_settings_of_the_command_line_win_over_the_site(shop: ShopServer, crawl: Crawl, database_url: str) -> None:
    crawl(shop, "-s", "DEPTH_LIMIT=1", TDCRAWL_DATABASE_URL=database_url)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        urls = connection.execute(select(pages.c.canonical_url)).scalars().all()
    assert not [url for url in urls if "page=3" in url]
    engine.dispose()


def test_feeds_hold_what_the_ledger_holds(shop: ShopServer, crawl: Crawl, tmp_path: Path) -> None:
    crawled = crawl(shop)
    folder = tmp_path / "data" / "runs" / crawled.figures["run"]
    failures: list[dict[str, Any]] = [
        json.loads(line) for line in (folder / "failed_records.jsonl").read_text().splitlines()
    ]
    assert Counter(line["reason"] for line in failures) == {reason: len(these) for reason, these in BROKEN.items()}
    assert {line["stage"] for line in failures} == {"validate_record"}
    assert all(line["item"]["author"].startswith("person:") for line in failures if "author" in line["item"])


def test_the_report_for_people_has_the_ladder_and_the_ledger(shop: ShopServer, run_scrapy: RunScrapy) -> None:
    start = f"start={shop.base_url}/catalogue"
    printed = run_scrapy("crawl", "retailer_reviews", "-a", "site=demo_store", "-a", start).stdout
    assert f"items: {ALL} yielded = {KEPT} record + {CROSS_POSTED + NEAR_COPIES} duplicate + {FAILED} failed" in printed
    assert "✓ the ledger balances" in printed
    assert "2 ambiguous_scale" in printed
    assert f"  {shop.base_url}/product/25 (HTTP 500)" in printed


@pytest.mark.parametrize("command", ["verify", "doctor", "sites"])
def test_other_commands_answer_in_json(shop: ShopServer, crawl: Crawl, run_scrapy: RunScrapy, command: str) -> None:
    crawl(shop)
    finished = run_scrapy(command, "--json")
    assert finished.returncode == 0, finished.stderr
    answer = json.loads(finished.stdout)
    expected = {"verify": ("balanced", True), "doctor": ("healthy", True)}
    if command in expected:
        key, value = expected[command]
        assert answer[key] is value
    else:
        health = {site["name"]: (site["health"], site["records"]) for site in answer["sites"]}
        assert (health["demo_store"], health["demo_store_css"]) == (("ok", KEPT), ("never", None))
