"""`scrapy crawl` of reviews without ratings: labelled as they come, through kills and signals."""

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tdcrawl.store.tables import records
from tests.commands.conftest import Crawled, a_review, review_page
from tests.commands.test_crawl_resumed import found
from tests.conftest import RunScrapy
from tests.messages_server import MessagesServer

IN_A_LABELLING = {"after_vote_1", "after_vote_2"}


def unrated(number: int) -> dict[str, Any]:
    """Build a review without a rating; none is like another."""
    words = " ".join(f"w{number}x{letter}" for letter in "abcdefghijklmnop")
    return {"@type": "Review", "identifier": f"R{number}", "reviewBody": f"Number {number}: {words} and it works well"}


@pytest.fixture
def labelled(
    crawl_pages: Callable[..., Crawled],
    server: MessagesServer,
    database_url: str,
) -> Callable[..., Crawled]:
    """Crawl pages, with money for labels."""

    def run(*reviews: dict[str, Any], **env: str) -> Crawled:
        ours = {"TDCRAWL_LABEL_BUDGET_USD": "1", "TDCRAWL_DATABASE_URL": database_url, **server.env, **env}
        return crawl_pages({"/": review_page(*reviews)}, **ours)

    return run


def test_crawl_labels_what_has_no_rating_and_says_what_it_cost(
    labelled: Callable[..., Crawled], server: MessagesServer, database_url: str, run_scrapy: RunScrapy
) -> None:
    crawled = labelled(*map(unrated, range(1, 13)), a_review(13))
    assert (crawled.status, crawled.figures["items"]["record"], len(server.calls)) == (0, 13, 24)
    sources = sorted(found(database_url, select(records.c.label_source)))
    assert sources == [("model",)] * 12 + [("rule",)]
    told = json.loads(run_scrapy("report", "--json", TDCRAWL_DATABASE_URL=database_url).stdout)
    cost = told["labels"]
    assert (cost["calls"], cost["usd"] > 0, cost["by_source"]) == (24, True, {"model": 12, "rule": 1})


@pytest.mark.parametrize("point", sorted(IN_A_LABELLING))
def test_crawl_killed_after_a_vote_does_not_pay_for_it_again(
    labelled: Callable[..., Crawled], server: MessagesServer, database_url: str, point: str
) -> None:
    assert labelled(unrated(1), TDCRAWL_FAULT=f"{point}:1:kill9").status == -signal.SIGKILL
    assert len(server.calls) == int(point[-1])
    assert labelled(unrated(1)).status == 0
    assert (len(server.calls), found(database_url, select(records.c.label))) == (2, [("positive",)])


def test_crawl_whose_money_ends_succeeds_with_records_waiting(labelled: Callable[..., Crawled]) -> None:
    crawled = labelled(*map(unrated, range(1, 30)), TDCRAWL_LABEL_BUDGET_USD="0.01")
    items = crawled.figures["items"]
    assert (crawled.status, crawled.figures["balanced"], items["record"] + items["pending"]) == (0, True, 29)
    assert items["pending"] > 0
    assert crawled.figures["reasons"]["pending"] == {"budget_spent": items["pending"]}


def test_crawl_without_a_key_says_so_before_it_begins(labelled: Callable[..., Crawled]) -> None:
    crawled = labelled(unrated(1), ANTHROPIC_API_KEY="")
    assert (crawled.status, "set ANTHROPIC_API_KEY" in crawled.errors) == (2, True)
