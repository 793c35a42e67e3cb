"""`scrapy dataset promote`: a crawl under a quota that was too small ends as one without."""

import json
from collections.abc import Iterator

import pytest

from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.server import ShopServer, serving
from tests.commands.conftest import crawled
from tests.conftest import RunScrapy

IN_A_PROMOTION = ("promote_after_commit",)


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopServer]:
    """Serve the practice shop."""
    with serving(practice_shop()) as server:
        yield server


def buckets(run_scrapy: RunScrapy) -> dict[str, int]:
    verified = run_scrapy("verify", "--json")
    assert verified.returncode == 0, verified.stdout
    items: dict[str, int] = json.loads(verified.stdout)["items"]
    return items


@pytest.mark.parametrize("point", IN_A_PROMOTION)
def test_promote_when_it_was_killed_goes_on_and_ends_as_without_a_quota(
    run_scrapy: RunScrapy, shop: ShopServer, point: str
) -> None:
    site = ("-a", "site=demo_store", "-a", f"start={shop.base_url}/catalogue")
    crawled(run_scrapy("crawl", "retailer_reviews", "--json", *site, TDCRAWL_QUOTA='{"positive": 20}'))
    before = buckets(run_scrapy)
    assert before["over_quota"] > 100
    assert run_scrapy("dataset", "promote", TDCRAWL_FAULT=f"{point}:2:kill9").returncode == -9
    midway = buckets(run_scrapy)
    assert before["over_quota"] > midway["over_quota"] > 0
    promoted = run_scrapy("dataset", "promote")
    assert promoted.returncode == 0, promoted.stderr
    after = buckets(run_scrapy)
    # As many as without a quota: among the surplus there were copies that nobody had compared.
    assert (after["over_quota"], after["record"], after["duplicate"]) == (0, 358, 22)
    assert run_scrapy("dataset", "promote").stdout == "there is no surplus\n"
