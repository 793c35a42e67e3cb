"""Reviews that resemble each other, and ledgers that place them: what tests of every way to sort out copies share."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Table, select

from tdcrawl.dedup.sameness import Sameness
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.outcomes import PageState, Rejection
from tdcrawl.records.base import TrainingItem, digest
from tdcrawl.records.review import REVIEW, Review
from tdcrawl.store.engine import Engine
from tdcrawl.store.ledger import Ledger, OutdatedError, PageRequest, Terms
from tests.builders import NOON, a_run

THRESHOLD = 0.7
PAGE = PageRequest("page-1", "https://shop.example/p", "https://shop.example/p")
BASE = [f"word{number}" for number in range(14)]


def an_item(number: int, words: Iterable[str], rating: float = 5.0) -> TrainingItem:
    """Build an item as the stages hand it to the write."""
    record = Review(product_id="17", text=" ".join(words), rating=rating, rating_value=rating, rating_best=5.0)
    return TrainingItem(
        item_id=digest(str(number)), record_type="review", site="demo_store", page_id=PAGE.page_id,
        requested_url=PAGE.url, canonical_url=PAGE.canonical_url, fetched_at=NOON, group_key="17", raw={},
        record=record, label=label_by_rule(REVIEW, record),
    )  # fmt: skip


@st.composite
def corpora(draw: st.DrawFn) -> list[TrainingItem]:
    """Draw items that resemble each other in chains: words are left out of and put into the same few."""
    texts = draw(
        st.lists(
            st.tuples(
                st.sets(st.integers(0, 13), max_size=4), st.sets(st.sampled_from(["not", "extra", "more"]), max_size=2)
            ),
            min_size=2,
            max_size=9,
        )
    )
    ratings = draw(st.lists(st.sampled_from([5.0, 5.0, 5.0, 1.0]), min_size=len(texts), max_size=len(texts)))
    return [
        an_item(number, [word for place, word in enumerate(BASE) if place not in left_out] + sorted(added), rating)
        for number, ((left_out, added), rating) in enumerate(zip(texts, ratings, strict=True))
    ]


def place(database_url: str, batches: Sequence[Sequence[TrainingItem]], writers: int = 1) -> Engine:
    """Write items through the ledgers of so many processes in turn, a batch in a transaction."""
    with ExitStack() as stack:
        ledgers = [Ledger.open(database_url, a_run(f"run-{number}")) for number in range(writers)]
        agreed = [Terms(REVIEW, {}, Sameness(REVIEW, THRESHOLD, label_by_rule)) for _ in ledgers]
        for ledger, terms in zip(ledgers, agreed, strict=True):
            assert isinstance(terms.sameness, Sameness)
            terms.sameness.open(ledger.engine)
            stack.callback(ledger.finish, "finished", {})
        asyncio.run(_write(ledgers, agreed, batches))
    for ledger in ledgers[1:]:
        ledger.engine.dispose()
    return ledgers[0].engine


async def _write(ledgers: list[Ledger], agreed: list[Terms], batches: Sequence[Sequence[TrainingItem]]) -> None:
    await ledgers[0].schedule([PAGE])
    await ledgers[0].take(PAGE.page_id, [item for batch in batches for item in batch], 0)
    for turn, batch in enumerate(batches):
        ledger, terms = ledgers[turn % len(ledgers)], agreed[turn % len(ledgers)]
        answers = await asyncio.gather(*(ledger.accept(item, terms) for item in batch), return_exceptions=True)
        for item, answer in zip(batch, answers, strict=True):
            await _settle(ledger, terms, item, answer)
    await ledgers[0].close_page(PAGE.page_id, PageState.DONE)


async def _settle(ledger: Ledger, terms: Terms, item: TrainingItem, answer: Any) -> None:
    """Write a rejection down, or have the item judged again, as the stages do."""
    while isinstance(answer, Rejection):
        try:
            await ledger.reject(item, terms, "write_record", answer, {})
        except OutdatedError:
            (answer,) = await asyncio.gather(ledger.accept(item, terms), return_exceptions=True)
        else:
            return
    assert not isinstance(answer, BaseException), answer


def rows(engine: Engine, table: Table) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def chain() -> list[TrainingItem]:
    """Build three texts of which each resembles the next, and the first not the last; longer is better."""
    first, second, third = BASE[:10], BASE[:13], [*BASE[1:], "more", "extra"]
    return [an_item(number, words) for number, words in enumerate((first, second, third))]
