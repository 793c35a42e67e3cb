"""Balancing: nothing above its share, nobody cut or repeated without need, the same whoever comes first."""

from array import array
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.balance.resample import Balance, Draw, draws, levelled, rank
from tdcrawl.errors import DatasetError

UNDER, OVER, WEIGHTS = Balance.UNDERSAMPLE, Balance.OVERSAMPLE, Balance.WEIGHTS
NUMBERS = st.lists(st.integers(1, 300), min_size=2, max_size=5)


def ranks_of(counts: dict[str, int], seed: str = "seed") -> dict[str, "array[int]"]:
    return {value: array("Q", (rank(f"{value} {n}", seed) for n in range(count))) for value, count in counts.items()}


def drawn(ranks: dict[str, "array[int]"], balance: Balance, share: float) -> dict[str, Draw]:
    def lowest(wanted: Mapping[str, int]) -> dict[str, int]:
        return {value: sorted(ranks[value])[number - 1] for value, number in wanted.items()}

    return draws({value: len(of_value) for value, of_value in ranks.items()}, lowest, balance, share)


def weighed(counts: dict[str, int], balance: Balance, share: float) -> dict[str, list[float]]:
    ranks = ranks_of(counts)
    found = drawn(ranks, balance, share)
    return {value: [found[value].weight(one) for one in ranks[value]] for value in counts}


@pytest.mark.parametrize("balance", Balance)
def test_nothing_is_moved_when_nothing_exceeds_its_share(balance: Balance) -> None:
    counts = {"negative": 4, "positive": 6}
    assert levelled(counts, balance, 0.6) == counts
    assert {weight for weights in weighed(counts, balance, 0.6).values() for weight in weights} == {1.0}


@pytest.mark.parametrize(
    ("counts", "share", "under", "over"),
    [
        ({"negative": 30, "neutral": 10, "positive": 1_000}, 0.6, [30, 10, 60], [334, 334, 1_000]),
        ({"negative": 70, "neutral": 10, "positive": 1_000}, 0.4, [20, 10, 20], [750, 750, 1_000]),
        ({"negative": 7, "neutral": 7, "positive": 8}, 0.34, [7, 7, 7], [8, 8, 8]),
    ],
)
def test_level_is_the_nearest_under_which_all_fits(
    counts: dict[str, int], share: float, under: list[int], over: list[int]
) -> None:
    assert list(levelled(counts, UNDER, share).values()) == under
    assert list(levelled(counts, OVER, share).values()) == over


@pytest.mark.parametrize(
    ("counts", "share", "said"),
    [
        ({"positive": 12}, 0.6, "12 positive"),
        ({"negative": 3, "neutral": 1, "positive": 12}, 0.3, "3 negative, 1 neutral, 12 positive"),
    ],
)
@pytest.mark.parametrize("balance", [UNDER, OVER, WEIGHTS])
def test_level_when_there_are_too_few_values(counts: dict[str, int], share: float, said: str, balance: Balance) -> None:
    with pytest.raises(DatasetError, match=f"it has {said}. Collect more of the others, choose a larger --max-share"):
        drawn(ranks_of(counts), balance, share)


@given(NUMBERS, st.integers(50, 100), st.sampled_from([UNDER, OVER]))
def test_level_is_the_nearest_for_any_counts(numbers: list[int], percent: int, balance: Balance) -> None:
    counts = {str(place): number for place, number in enumerate(numbers)}
    found = levelled(counts, balance, percent / 100)
    assert max(found.values()) * 100 <= percent * sum(found.values())
    if found == counts:
        return
    moved = {value for value in counts if found[value] != counts[value]}
    step = 1 if balance is UNDER else -1
    nearer = found | {value: found[value] + step for value in moved}
    assert max(nearer.values()) * 100 > percent * sum(nearer.values())


@given(NUMBERS, st.integers(50, 100))
def test_weights_of_records_add_up_to_what_was_wanted(numbers: list[int], percent: int) -> None:
    counts = {str(place): number for place, number in enumerate(numbers)}
    for balance in (UNDER, OVER):
        sums = {value: sum(weights) for value, weights in weighed(counts, balance, percent / 100).items()}
        assert sums == levelled(counts, balance, percent / 100)
    weighted = {value: sum(weights) for value, weights in weighed(counts, WEIGHTS, percent / 100).items()}
    assert sum(weighted.values()) == pytest.approx(sum(numbers))
    assert max(weighted.values()) <= percent / 100 * sum(numbers) * (1 + 1e-9)


def test_oversampling_repeats_none_twice_more_than_another() -> None:
    weights = weighed({"negative": 7, "positive": 100}, OVER, 0.6)
    assert set(weights["negative"]) == {9.0, 10.0}
    assert set(weights["positive"]) == {1.0}


@given(st.permutations([f"{number:x}" for number in range(20)]), st.integers(1, 19))
def test_draw_is_the_same_in_every_order(record_ids: list[str], limit: int) -> None:
    def kept(ids: list[str]) -> set[str]:
        ranks = {"many": array("Q", (rank(one, "seed") for one in ids)), "few": array("Q", range(limit))}
        draw = drawn(ranks, UNDER, 0.5)["many"]
        return {one for one in ids if draw.weight(rank(one, "seed"))}

    assert len(kept(record_ids)) == limit
    assert kept(record_ids) == kept(sorted(record_ids))


def test_draw_depends_on_the_seed() -> None:
    assert ranks_of({"one": 5}) != ranks_of({"one": 5}, "another seed")
