"""Promotion: surplus gets the seats there are, in its order, and is judged as any record is."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tdcrawl.outcomes import Bucket, PageState, Rejection
from tdcrawl.records.base import TrainingItem
from tdcrawl.store.engine import Engine, writing
from tdcrawl.store.ledger import Ledger
from tdcrawl.store.promoting import promote_all
from tdcrawl.store.seats import all_seats
from tdcrawl.store.tables import outcomes, over_quota, records
from tdcrawl.store.verify import check_ledger
from tests.builders import NOON, a_run, an_item, terms
from tests.reviewing import PAGE, REVIEWING

FULL = {"positive": 1}


def collect(database_url: str, items: list[TrainingItem], quota: Mapping[str, int]) -> Engine:
    """Write items under a quota, one after the other; the first came first."""
    ledger = Ledger.open(database_url, a_run())

    async def write() -> None:
        await ledger.schedule([PAGE])
        await ledger.take(PAGE.page_id, items, 0)
        for item in items:
            agreed = terms(ledger.engine, quota)
            try:
                await ledger.accept(item, agreed)
            except Rejection as why:
                await ledger.reject(item, agreed, "write_record", why, {})
        await ledger.close_page(PAGE.page_id, PageState.DONE)

    asyncio.run(write())
    ledger.finish("finished", {})
    with writing(ledger.engine) as connection:
        for place, item in enumerate(items):
            at = NOON + timedelta(minutes=place)
            connection.execute(update(outcomes).where(outcomes.c.item_id == item.item_id).values(at=at))
    return ledger.engine


def ids(engine: Engine, column: object) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(select(column)))  # type: ignore[call-overload]


@pytest.mark.parametrize("surplus", [3, 120])
def test_surplus_gets_the_seats_there_are_in_its_order(database_url: str, surplus: int) -> None:
    items = [an_item(f"number {number}") for number in range(surplus + 1)]
    for place, item in enumerate(items):
        item.page_id = PAGE.page_id
        item.position = place
    engine = collect(database_url, items, FULL)
    assert len(ids(engine, over_quota.c.item_id)) == surplus
    ends = promote_all(engine, terms(engine, {"positive": 3}), REVIEWING)
    assert ends == {Bucket.RECORD: 2, Bucket.OVER_QUOTA: surplus - 2}
    assert ids(engine, records.c.record_id) == {item.item_id for item in items[:3]}
    assert (all_seats(engine, "review"), check_ledger(engine).problems) == ({"positive": 3}, [])
    assert promote_all(engine, terms(engine), REVIEWING) == Counter({Bucket.RECORD: surplus - 2})
    assert (ids(engine, over_quota.c.item_id), check_ledger(engine).problems) == (set(), [])
    assert promote_all(engine, terms(engine), REVIEWING) == {}
    engine.dispose()


def test_surplus_that_repeats_what_came_meanwhile_becomes_a_duplicate(database_url: str) -> None:
    words = "another text altogether of ten words and a few more for length"
    items = [an_item("first"), an_item("twin one", words=words), an_item("twin two", words=words)]
    engine = collect(database_url, items, FULL)
    ends = promote_all(engine, terms(engine, threshold=0.7), REVIEWING)
    assert ends == {Bucket.RECORD: 1, Bucket.DUPLICATE: 1}
    assert check_ledger(engine).problems == []
    engine.dispose()


def test_surplus_that_nobody_named_waits_for_its_label(database_url: str) -> None:
    engine = collect(database_url, [an_item("one"), an_item("two")], FULL)
    with writing(engine) as connection:
        data = dict(connection.execute(select(over_quota.c.data)).scalar_one()) | {"rating": None, "label": None}
        connection.execute(update(over_quota).values(label=None, label_source=None, data=data, stratum="unlabelled"))
    assert promote_all(engine, terms(engine), REVIEWING) == {Bucket.PENDING: 1}
    assert check_ledger(engine).problems == []
    engine.dispose()
