"""Placing records: what is kept depends on the records alone, never on their order, their batches or who wrote them."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select

from tdcrawl import text
from tdcrawl.dedup import near
from tdcrawl.dedup.batch import sort_out
from tdcrawl.dedup.index import TextIndex
from tdcrawl.dedup.sameness import Sameness, reindex
from tdcrawl.errors import StoreError
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.outcomes import Bucket, PageState, Rejection
from tdcrawl.records.base import TrainingItem, digest
from tdcrawl.records.review import REVIEW, Review
from tdcrawl.store.engine import Engine, open_engine
from tdcrawl.store.ledger import Ledger, OutdatedError, PageRequest, Terms
from tdcrawl.store.tables import (
    contrast_pairs,
    dedup_bands,
    dedup_schemes,
    duplicates,
    labels,
    outcomes,
    over_quota,
    records,
)
from tdcrawl.store.verify import check_ledger
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
            terms.sameness.open(ledger.engine, ledger.run.run_id)
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


def assert_sorted_out(engine: Engine, items: Sequence[TrainingItem]) -> None:
    """Compare the database with what the judgement over all texts at once gives."""
    sameness = Sameness(REVIEW, THRESHOLD, label_by_rule)
    texts = {
        item.item_id: sameness.text(item.item_id, item.believed(), REVIEW.sameness(item.believed())) for item in items
    }
    expected = sort_out(texts, candidate_pairs({one.item_id: one.normalised for one in texts.values()}), THRESHOLD)
    assert {row["record_id"] for row in rows(engine, records)} == expected.kept
    assert {row["item_id"] for row in rows(engine, duplicates)} == expected.duplicates.keys()
    found = {(row["record_id"], row["other_id"], row["score"]) for row in rows(engine, contrast_pairs)}
    assert found == expected.contrasts
    assert {row["record_id"] for row in rows(engine, dedup_bands)} == expected.kept
    for row in rows(engine, duplicates):
        one, other = texts[row["item_id"]], texts[row["matched_record_id"]]
        assert other.rank < one.rank
        assert row["score"] == text.jaccard(text.tokens(one.normalised), text.tokens(other.normalised)) >= THRESHOLD
    assert check_ledger(engine).problems == []


def candidate_pairs(normalised: dict[str, str]) -> list[tuple[str, str]]:
    index, pairs = TextIndex(THRESHOLD), []
    for item_id, words in normalised.items():
        pairs += [(item_id, other) for other in index.near(near.sign(words))]
        index.add(item_id, near.sign(words))
    return pairs


@given(corpora(), st.randoms(use_true_random=False), st.integers(1, 4), st.integers(1, 2))
# Without shrinking: each example opens a database, and a failure names its seed.
@settings(max_examples=60, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_place_keeps_what_all_texts_at_once_give(
    items: list[TrainingItem], order: Random, size: int, writers: int
) -> None:
    order.shuffle(items)
    batches = [items[start : start + size] for start in range(0, len(items), size)]
    with TemporaryDirectory() as folder:
        engine = place(f"sqlite:///{folder}/placement.db", batches, writers)
        try:
            assert_sorted_out(engine, items)
        finally:
            engine.dispose()


def chain() -> list[TrainingItem]:
    """Build three texts of which each resembles the next, and the first not the last; longer is better."""
    first, second, third = BASE[:10], BASE[:13], [*BASE[1:], "more", "extra"]
    return [an_item(number, words) for number, words in enumerate((first, second, third))]


def test_place_when_a_better_copy_comes_late_places_anew_what_only_the_demoted_one_resembled(database_url: str) -> None:
    first, second, third = chain()
    engine = place(database_url, [[second], [first], [third]])
    assert_sorted_out(engine, [first, second, third])
    # The first had been a duplicate of the second until the third came.
    assert {row["record_id"] for row in rows(engine, records)} == {first.item_id, third.item_id}
    (outcome,) = [row for row in rows(engine, outcomes) if row["item_id"] == second.item_id]
    assert (outcome["bucket"], outcome["reason"], outcome["stage"]) == ("duplicate", "near_duplicate", "write_record")
    assert f"record {third.item_id}, which run run-0 wrote" in outcome["detail"]
    assert sorted(row["record_id"] for row in rows(engine, labels)) == sorted(
        item.item_id for item in (first, second, third)
    )
    engine.dispose()


def test_place_by_two_processes_on_one_database(database_url: str) -> None:
    items = chain()
    engine = place(database_url, [[item] for item in items], writers=2)
    assert_sorted_out(engine, items)
    engine.dispose()


def test_place_tells_what_moved(database_url: str) -> None:
    worse, better = an_item(1, BASE[:12]), an_item(2, BASE[:13])

    async def crawl(ledger: Ledger) -> list[Any]:
        await ledger.schedule([PAGE])
        await ledger.take(PAGE.page_id, [worse, better], 0)
        terms = Terms(REVIEW, {"positive": 1}, Sameness(REVIEW, THRESHOLD, label_by_rule))
        return [await ledger.accept(worse, terms), await ledger.accept(better, terms)]

    ledger = Ledger.open(database_url, a_run())
    none, (move,) = asyncio.run(crawl(ledger))
    ledger.finish("finished", {})
    assert none == []
    # The only seat goes from the one to the other.
    assert (move.item_id, move.left, move.entered) == (worse.item_id, Bucket.RECORD, Bucket.DUPLICATE)
    assert (move.run_id, move.stratum) == ("run-1", "positive")
    ledger.engine.dispose()


def test_place_anew_when_no_seat_is_left_puts_the_copy_over_quota(database_url: str) -> None:
    first, second, third = chain()

    async def crawl(ledger: Ledger) -> None:
        await ledger.schedule([PAGE])
        await ledger.take(PAGE.page_id, [first, second, third], 0)
        terms = Terms(REVIEW, {"positive": 1}, Sameness(REVIEW, THRESHOLD, label_by_rule))
        await ledger.accept(second, terms)
        with pytest.raises(Rejection) as caught:
            await ledger.accept(first, terms)
        await ledger.reject(first, terms, "drop_near_duplicates", caught.value, {})
        await ledger.accept(third, terms)
        await ledger.close_page(PAGE.page_id, PageState.DONE)

    ledger = Ledger.open(database_url, a_run())
    asyncio.run(crawl(ledger))
    ledger.finish("finished", {})
    assert [row["item_id"] for row in rows(ledger.engine, over_quota)] == [first.item_id]
    assert check_ledger(ledger.engine).problems == []
    ledger.engine.dispose()


def test_reject_when_the_repeated_record_is_gone_asks_for_another_judgement(tmp_path: Path) -> None:
    worse, better, copy = an_item(1, BASE[:12]), an_item(2, BASE[:13]), an_item(3, BASE[:11])

    async def crawl(ledger: Ledger) -> object:
        await ledger.schedule([PAGE])
        await ledger.take(PAGE.page_id, [worse, better, copy], 0)
        terms = Terms(REVIEW, {}, Sameness(REVIEW, THRESHOLD, label_by_rule))
        await ledger.accept(worse, terms)
        with pytest.raises(Rejection) as caught:
            await ledger.accept(copy, terms)
        await ledger.accept(better, terms)
        (answer,) = await asyncio.gather(
            ledger.reject(copy, terms, "drop_near_duplicates", caught.value, {}), return_exceptions=True
        )
        return answer

    ledger = Ledger.open(f"sqlite:///{tmp_path}/gone.db", a_run())
    assert type(asyncio.run(crawl(ledger))).__name__ == "OutdatedError"
    assert [row["item_id"] for row in rows(ledger.engine, duplicates)] == [worse.item_id]
    ledger.finish("finished", {})
    ledger.engine.dispose()


def test_place_when_a_contrasting_record_is_demoted_names_its_cluster_anew(database_url: str) -> None:
    one, other = an_item(1, BASE[:12]), an_item(2, [*BASE[:12], "not"])
    # Like the one in 12 words of 17, and the other in 12 of 18.
    better = an_item(3, [*BASE[:12], "longer", "still", "quite", "unlike", "it"])
    engine = place(database_url, [[one], [other], [better]])
    clusters = {row["record_id"]: row["cluster_id"] for row in rows(engine, records)}
    assert clusters.keys() == {other.item_id, better.item_id}
    # Only the demoted record held the two together.
    assert clusters == {record_id: record_id for record_id in clusters}
    assert rows(engine, contrast_pairs) == []
    engine.dispose()


def test_open_when_the_index_was_made_by_another_scheme_refuses_and_reindex_mends(database_url: str) -> None:
    items = chain()
    engine = place(database_url, [[items[0]]])
    with engine.begin() as connection:
        connection.execute(dedup_schemes.update().values(scheme="another"))
    with pytest.raises(StoreError, match=r"was made as 'another'.*scrapy dataset reindex"):
        Sameness(REVIEW, THRESHOLD, label_by_rule).open(engine, "run-2")
    assert reindex(engine, REVIEW, label_by_rule) == 1
    Sameness(REVIEW, THRESHOLD, label_by_rule).open(engine, "run-2")
    engine.dispose()


def test_open_signs_records_that_no_index_knows(database_url: str) -> None:
    items = chain()
    engine = place(database_url, [items[:1]])
    with engine.begin() as connection:
        connection.execute(dedup_bands.delete())
    engine.dispose()
    engine = open_engine(database_url)
    sameness = Sameness(REVIEW, THRESHOLD, label_by_rule)
    sameness.open(engine, "run-2")
    assert [row["record_id"] for row in rows(engine, dedup_bands)] == [items[0].item_id]
    assert len(sameness.index) == 1
    engine.dispose()
