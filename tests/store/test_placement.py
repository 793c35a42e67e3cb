"""Placing records: what is kept depends on the records alone, never on their order, their batches or who wrote them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tdcrawl import text
from tdcrawl.dedup import near
from tdcrawl.dedup.batch import sort_out
from tdcrawl.dedup.index import TextIndex
from tdcrawl.dedup.sameness import Sameness, reindex
from tdcrawl.errors import StoreError
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.outcomes import Bucket, PageState, Rejection
from tdcrawl.records.base import TrainingItem
from tdcrawl.records.review import REVIEW
from tdcrawl.store.engine import Engine, open_engine
from tdcrawl.store.label_tables import labels
from tdcrawl.store.ledger import Ledger, Terms
from tdcrawl.store.tables import contrast_pairs, dedup_bands, dedup_schemes, duplicates, outcomes, over_quota, records
from tdcrawl.store.verify import check_ledger
from tests.builders import a_run
from tests.corpora import BASE, PAGE, THRESHOLD, an_item, chain, corpora, place, rows


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
@settings(max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])
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
        Sameness(REVIEW, THRESHOLD, label_by_rule).open(engine)
    assert reindex(engine, REVIEW, label_by_rule) == 1
    Sameness(REVIEW, THRESHOLD, label_by_rule).open(engine)
    engine.dispose()


def test_open_signs_records_that_no_index_knows(database_url: str) -> None:
    items = chain()
    engine = place(database_url, [items[:1]])
    with engine.begin() as connection:
        connection.execute(dedup_bands.delete())
    engine.dispose()
    engine = open_engine(database_url)
    sameness = Sameness(REVIEW, THRESHOLD, label_by_rule)
    sameness.open(engine)
    assert [row["record_id"] for row in rows(engine, dedup_bands)] == [items[0].item_id]
    assert len(sameness.index) == 1
    engine.dispose()
