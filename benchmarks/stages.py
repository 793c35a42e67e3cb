"""Measure the stages without fetching: records per second, against the reference recipe on the same reviews."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.settings import Settings
from scrapy.statscollectors import MemoryStatsCollector

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.databases import fresh_database, reading
from benchmarks.recipe import follow_recipe
from benchmarks.reviews import REVIEWS_A_PAGE, invent_reviews
from tdcrawl.outcomes import PageState
from tdcrawl.pipelines.processor import StageProcessor
from tdcrawl.records.base import Raw, TrainingItem
from tdcrawl.session import Session
from tdcrawl.spiders.retailer_reviews import RetailerReviews
from tdcrawl.store.verify import check_ledger

_RECORDS = 10_000
_PAGES_AT_A_TIME = 8

Reviews = Sequence[Raw]


def main() -> None:
    """Take the same reviews through both in rounds, and print records per second and their ratio."""
    parser = machine.parser("Records per second through all stages, against the reference recipe's.")
    parser.add_argument("--records", type=machine.positive, default=_RECORDS, help="invented reviews to take through")
    options = parser.parse_args()
    reviews = list(invent_reviews(options.records))
    rounds = [_round(reviews, turn) for turn in range(options.rounds)]
    figures = {figure: machine.median_of(rounds, figure) for figure in rounds[0]}
    title = f"Stages without fetching: {options.records} reviews, SQLite, medians of {options.rounds} rounds"
    everything = {"records": options.records, "rounds": options.rounds, **figures}
    machine.report(title, everything, _in_words(figures), as_json=options.json)


def _round(reviews: Reviews, turn: int) -> dict[str, float]:
    # They take turns at being first: what warms the machine, or tires it, does so for both.
    ways: list[Callable[[Reviews], float]] = [_through_stages, _by_recipe]
    seconds = {way: way(reviews) for way in (ways if turn % 2 == 0 else reversed(ways))}
    return {
        "records_per_second": len(reviews) / seconds[_through_stages],
        "reference_records_per_second": len(reviews) / seconds[_by_recipe],
        "ratio": seconds[_by_recipe] / seconds[_through_stages],
    }


def _by_recipe(reviews: Reviews) -> float:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        kept = follow_recipe(reviews, Path(folder) / "recipe.db")
        seconds = time.perf_counter() - begun
    # Its unchecked candidates make it drop a few that only look alike.
    if kept < 0.9 * len(reviews):
        machine.fail(f"the recipe kept only {kept} of {len(reviews)} different reviews")
    return seconds


def _through_stages(reviews: Reviews) -> float:
    """Take reviews through a crawl's stages into an empty ledger; the time ends with the last commit."""
    with tempfile.TemporaryDirectory() as folder, fresh_database(None, Path(folder)) as database_url:
        processor, session = _open_stages(folder, database_url)
        begun = time.perf_counter()
        asyncio.run(_take_pages(processor, session, reviews))
        session.ledger.finish("finished", {})
        seconds = time.perf_counter() - begun
        session.ledger.engine.dispose()
        _check(database_url, len(reviews))
    return seconds


def _open_stages(data_dir: str, database_url: str) -> tuple[StageProcessor, Session]:
    """Build the stages as a crawl does, without a reactor running."""
    settings = Settings()
    settings.setmodule("tdcrawl.settings", priority="project")
    settings.setdict({"TDCRAWL_DATA_DIR": data_dir, "TDCRAWL_DATABASE_URL": database_url}, priority="cmdline")
    crawler = Crawler(RetailerReviews, settings)
    crawler.stats = MemoryStatsCollector(crawler)
    spider = crawler.spider = RetailerReviews.from_crawler(crawler, site="demo_store")
    return StageProcessor.from_crawler(crawler), spider.session


async def _take_pages(processor: StageProcessor, session: Session, reviews: Reviews) -> None:
    """Take pages of reviews through the stages, several at a time, as a crawl has several under way."""
    waiting = iter([reviews[start : start + REVIEWS_A_PAGE] for start in range(0, len(reviews), REVIEWS_A_PAGE)])
    await asyncio.gather(*(_take_each(processor, session, waiting) for _ in range(_PAGES_AT_A_TIME)))


async def _take_each(processor: StageProcessor, session: Session, waiting: Iterator[Reviews]) -> None:
    for raws in waiting:
        page = session.page_request(f"http://127.0.0.1:8717/product/{raws[0]['product_id']}?ref=home")
        items = list(session.items([{**raw, "best_rating": "5"} for raw in raws], page.page_id, page.url))
        await session.ledger.schedule([page])
        await session.ledger.take(page.page_id, items, 0)
        for item in items:
            session.in_flight.begin(item.item_id)
        await asyncio.gather(*(_take(processor, item) for item in items))
        await session.ledger.close_page(page.page_id, PageState.DONE)


async def _take(processor: StageProcessor, item: TrainingItem) -> None:
    try:
        await processor.process_item_async(item)
    except DropItem as dropped:
        machine.fail(f"a review that is like no other was dropped: {dropped}")


def _check(database_url: str, records: int) -> None:
    with reading(database_url) as engine:
        check = check_ledger(engine)
    if not check.balanced or check.items["record"] != records:
        machine.fail(f"the ledger holds {check.items}: {check.problems}")


def _in_words(figures: dict[str, float]) -> Iterator[str]:
    yield f"all stages, with the ledger: {figures['records_per_second']:8.0f} records/s"
    yield f"the reference recipe:        {figures['reference_records_per_second']:8.0f} records/s"
    yield f"ratio: {figures['ratio']:.2f}"


if __name__ == "__main__":
    main()
