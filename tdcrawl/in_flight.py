"""Which items are on their way, so that whoever depends on one can wait for its outcome."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

_T = TypeVar("_T")


async def limited(awaitable: Awaitable[_T], seconds: float) -> _T:
    """Await something, and raise TimeoutError in it where it takes longer than so many seconds."""
    timer = asyncio.timeout(seconds)
    try:
        async with timer:
            return await awaitable
    except TimeoutError as error:
        raise TimeoutError(f"it took longer than {seconds:g} s") if timer.expired() else error from None


class InFlight:
    """Keep the items between being yielded and having an outcome.

    Nobody waits in a circle: an item with a claimed text waits only for items further down the stages than itself
    (exact before near before seat before write), and what is being written waits for nobody.
    """

    def __init__(self) -> None:
        self._done: dict[str, asyncio.Event] = {}

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._done

    def __len__(self) -> int:
        return len(self._done)

    def begin(self, item_id: str) -> None:
        """Note that an item is on its way."""
        self._done[item_id] = asyncio.Event()

    def end(self, item_id: str) -> None:
        """Wake up all who wait for this item; one that never began is ignored."""
        done = self._done.pop(item_id, None)
        if done is not None:
            done.set()

    async def settled(self, item_ids: Iterable[str]) -> None:
        """Wait until each of these items has its outcome."""
        for done in [self._done[item_id] for item_id in item_ids if item_id in self._done]:
            await done.wait()
