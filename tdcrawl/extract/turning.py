"""What became of a list with one more page: it goes on, goes round in a circle, or has an end with so many records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from tdcrawl.records.base import Raw, digest


class Told(TypedDict):
    """Hold, as JSON, what a page tells the next one of its list: what all pages up to it held, showed and led to."""

    records: int
    shown: list[str]
    led: list[str]


@dataclass(frozen=True, slots=True)
class Turn:
    """Say where a list stands at a page: its number, from 1, and how many records the list held up to it.

    `leads_on` says whether the page has a next one, and `told` what that is told. `is_empty` says that it shows neither
    records nor links to any; `repeats` that it shows what an earlier page of the list did, and yet leads somewhere new.
    """

    page: int
    records: int
    told: Told | None = None
    is_empty: bool = False
    repeats: bool = False

    @property
    def leads_on(self) -> bool:
        """Say whether there is a next page."""
        return self.told is not None


def turn_page(
    page: int, before: Told | None, raws: Sequence[Raw], products: Sequence[str], leads: Sequence[str]
) -> Turn:
    """Judge a page of a list by its records, the addresses of what it lists, and those of its next pages.

    `before` is what the page that led to it told; none for the first.
    """
    before = before or Told(records=0, shown=[], led=[])
    records = before["records"] + len(raws)
    if not leads:
        return Turn(page, records)
    shown, led = _mark(*products, *(string for raw in raws for string in raw.values())), _mark(*leads)
    is_empty = not raws and not products
    # Many a list is the same with `?page=1` and without it. Such a copy leads where the first one does: nothing is new.
    repeats = not is_empty and shown in before["shown"] and led not in before["led"]
    told = Told(records=records, shown=[*before["shown"], shown], led=[*before["led"], led])
    return Turn(page, records, told, is_empty, repeats)


def _mark(*strings: str) -> str:
    # A list has few pages: so much of a hash tells them apart, and each of them carries those of all before it.
    return digest(*strings)[:12]
