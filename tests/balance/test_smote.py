"""SMOTE: rows that are made up lie between two of their label, and are the same for the same seed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.balance.smote import between, reachable

PAY_AND_YEARS = st.tuples(st.floats(0, 1e6), st.floats(0, 60))


@given(st.lists(PAY_AND_YEARS, min_size=2, max_size=9), st.lists(PAY_AND_YEARS, min_size=10, max_size=20))
def test_rows_that_are_made_up_lie_between_those_of_their_label(
    few: list[tuple[float, float]], many: list[tuple[float, float]]
) -> None:
    labels = ["few"] * len(few) + ["many"] * len(many)
    made = list(between([*few, *many], labels, {"few": 12, "many": len(many)}, "seed"))
    assert [label for label, _ in made] == ["few"] * (12 - len(few))
    for place, column in enumerate(zip(*few, strict=True)):
        least, most = min(column), max(column)
        allowed = 1e-9 * max(1.0, most)
        assert all(least - allowed <= row[place] <= most + allowed for _, row in made)


def test_neighbours_are_found_whatever_the_units() -> None:
    # Two groups by years; the pay, in far larger numbers, tells nothing.
    few = [(100_000.0 + 977 * (place % 3), years) for place, years in enumerate([1.0, 2.0, 30.0, 31.0])]
    many = [(100_000.0 + 1_000 * place, 15.0) for place in range(20)]
    labels = ["few"] * 4 + ["many"] * 20
    dollars = [row[1] for _, row in between([*few, *many], labels, {"few": 30}, "seed")]
    cents = [
        row[1] for _, row in between([(pay * 100, years) for pay, years in (*few, *many)], labels, {"few": 30}, "seed")
    ]
    assert dollars == pytest.approx(cents)


def test_another_seed_makes_up_others() -> None:
    features, labels = [(1.0, 2.0), (3.0, 5.0), (4.0, 4.0), (9.0, 9.0)], ["few", "few", "few", "many"]
    one, again, other = (list(between(features, labels, {"few": 9}, seed)) for seed in ("a", "a", "b"))
    assert one == again != other


def test_nothing_is_made_up_of_one_alone_or_where_there_is_no_other_label() -> None:
    assert reachable({"few": 1, "many": 5}, {"few": 5, "many": 5}) == {"few": 1, "many": 5}
    assert reachable({"all": 3}, {"all": 5, "gone": 2}) == {"all": 3, "gone": 0}
    assert list(between([(1.0,), (2.0,)], ["few", "many"], {"few": 2, "many": 2}, "seed")) == []
    assert list(between([], [], {"gone": 2}, "seed")) == []
