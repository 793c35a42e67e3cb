"""A list is followed as long as it shows something new; its pages tell each other what there was."""

import pytest

from tdcrawl.extract.turning import Told, Turn, turn_page

ONE, TWO, THREE = ([{"text": f"word {number}"}] for number in range(3))
PRODUCT = ["https://shop.example/product/1"]


def leads(page: int) -> list[str]:
    return [f"https://shop.example/list?page={page}"]


def turned(*pages: tuple[list[dict[str, str]], list[str], list[str]]) -> Turn:
    """Turn a list page by page; gives where it stands at the last one."""
    before: Told | None = None
    for number, (raws, products, led) in enumerate(pages, 1):
        turn = turn_page(number, before, raws, products, led)
        before = turn.told
    return turn


def test_records_are_counted_to_the_end_of_a_list() -> None:
    turn = turned((ONE, [], leads(2)), (TWO + THREE, [], leads(3)), (THREE, [], []))
    assert turn == Turn(3, 4)
    assert not turn.leads_on


@pytest.mark.parametrize(
    ("last", "repeats"),
    [
        ((TWO, [], leads(4)), True),
        ((ONE, [], leads(4)), True),
        ((TWO, PRODUCT, leads(4)), False),
        ((THREE, [], leads(4)), False),
        # It ends, and if only as the page before it did.
        ((TWO, [], []), False),
        # `/list` and `/list?page=1` are one page: it leads where that one did.
        ((ONE, [], leads(2)), False),
    ],
)
def test_a_page_repeats_when_it_shows_what_an_earlier_one_did_and_leads_somewhere_new(
    last: tuple[list[dict[str, str]], list[str], list[str]], repeats: bool
) -> None:
    assert turned((ONE, [], leads(2)), (TWO, [], leads(3)), last).repeats is repeats


def test_a_list_of_products_repeats_when_its_products_do() -> None:
    assert turned(([], PRODUCT, leads(2)), ([], PRODUCT, leads(3))).repeats


def test_a_page_that_shows_nothing_repeats_nothing() -> None:
    turn = turned(([], [], leads(2)), ([], [], leads(3)))
    assert (turn.is_empty, turn.repeats) == (True, False)
