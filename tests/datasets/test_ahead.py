"""Working ahead: in order, not far ahead, and no error is lost."""

from collections.abc import Iterator
from threading import get_ident

import pytest

from tdcrawl.datasets.ahead import ahead


def test_ahead_gives_results_in_order_and_makes_one_item_more() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            yield number

    worked = ahead(lambda number: (number * 10, get_ident()), items())
    first, thread = next(worked)
    assert (first, made, thread != get_ident()) == (0, [0, 1], True)
    assert list(worked) == [(number * 10, thread) for number in range(1, 5)]


def test_ahead_raises_what_the_work_raises() -> None:
    worked = ahead(lambda number: 6 // number, [1, 2, 0])
    assert [next(worked), next(worked)] == [6, 3]
    with pytest.raises(ZeroDivisionError):
        next(worked)
