"""How far something long has come, for whoever wants to show it."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Tell = Callable[[str, int, int], None]
"""Takes what is counted (`rows`), how many are done, and of how many."""
T = TypeVar("T")

_AT_ONCE = 1_000


def silent(_what: str, _done: int, _of: int) -> None:
    """Tell nobody."""


def counted(items: Iterable[T], tell: Tell, what: str, of: int) -> Iterator[T]:
    """Pass items on, and tell now and then how many have passed; there may be less of them than was thought."""
    done = 0
    tell(what, done, of)
    for done, item in enumerate(items, start=1):
        yield item
        if done % _AT_ONCE == 0:
            tell(what, done, of)
    tell(what, done, done)
