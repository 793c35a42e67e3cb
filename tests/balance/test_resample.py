"""Undersampling: no label above its share, nobody cut without need, the same whoever comes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.balance.resample import cap, last_kept, rank
from tdcrawl.errors import DatasetError


def after(counts: dict[str, int], limit: int) -> dict[str, int]:
    return {label: min(number, limit) for label, number in counts.items()}


def test_cap_when_no_label_exceeds_its_share() -> None:
    assert cap({"negative": 4, "positive": 6}, 0.6) is None


def test_cap_when_one_label_exceeds_its_share() -> None:
    assert cap({"negative": 30, "neutral": 10, "positive": 1_000}, 0.6) == 60


def test_cap_when_two_labels_are_cut_to_the_same_number() -> None:
    assert cap({"negative": 70, "neutral": 10, "positive": 1_000}, 0.4) == 20


def test_cap_when_the_share_is_a_third_of_three_labels_and_no_float() -> None:
    assert cap({"negative": 7, "neutral": 7, "positive": 8}, 0.34) == 7


@pytest.mark.parametrize(
    ("counts", "share", "said"),
    [
        ({"positive": 12, "neutral": 0}, 0.6, "12 positive"),
        ({"positive": 12, "negative": 3, "neutral": 1}, 0.3, "3 negative, 1 neutral, 12 positive"),
    ],
)
def test_cap_when_there_are_too_few_labels(counts: dict[str, int], share: float, said: str) -> None:
    with pytest.raises(DatasetError, match=f"it has {said}. Collect more of the others, choose a larger --max-share"):
        cap(counts, share)


@given(st.lists(st.integers(1, 300), min_size=2, max_size=5), st.integers(50, 100))
def test_cap_is_the_largest_under_which_no_label_exceeds_its_share(numbers: list[int], percent: int) -> None:
    counts = {f"label {place}": number for place, number in enumerate(numbers)}
    limit = cap(counts, percent / 100)
    kept = after(counts, limit or max(numbers))
    assert max(kept.values()) * 100 <= percent * sum(kept.values())
    if limit is not None:
        more = after(counts, limit + 1)
        assert max(more.values()) * 100 > percent * sum(more.values())


@given(st.permutations([f"{number:x}" for number in range(20)]), st.integers(1, 25))
def test_last_kept_is_the_same_in_every_order(record_ids: list[str], limit: int) -> None:
    ranks = [rank(record_id, "salt") for record_id in record_ids]
    last = last_kept({"positive": ranks}, limit).get("positive", max(ranks))
    assert sorted(ranks)[:limit] == sorted(r for r in ranks if r <= last)
