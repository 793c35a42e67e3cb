"""The seat book: never more seats than there are, and none lost by an item that failed."""

from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.balance.quota import SeatBook


def test_reserve_when_the_stratum_has_no_quota() -> None:
    book = SeatBook({"positive": 1}, {})
    assert book.reserve("negative", "one") == set()
    assert not book.is_full("negative")


def test_reserve_when_the_last_seat_is_spoken_for() -> None:
    book = SeatBook({"positive": 2}, {"positive": 1})
    assert book.reserve("positive", "one") == set()
    assert book.reserve("positive", "two") == {"one"}
    assert not book.is_full("positive")


def test_settle_when_the_item_failed_frees_its_seat() -> None:
    book = SeatBook({"positive": 1}, {})
    book.reserve("positive", "one")
    book.settle("positive", "one", accepted=False)
    assert book.reserve("positive", "two") == set()
    book.settle("positive", "two", accepted=True)
    assert book.is_full("positive")


@given(st.integers(0, 5), st.lists(st.booleans(), max_size=30))
def test_seats_taken_are_all_that_were_wanted_up_to_the_quota(seats: int, fates: list[bool]) -> None:
    book, taken = SeatBook({"positive": seats}, {}), 0
    for number, accepted in enumerate(fates):
        if not book.is_full("positive"):
            assert book.reserve("positive", str(number)) == set()
            book.settle("positive", str(number), accepted)
            taken += accepted
    assert taken == min(seats, sum(fates))
