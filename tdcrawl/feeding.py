"""Keep a crawl in pages: lease them from the frontier as room is made, until there are none."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from tdcrawl.errors import StoreError
from tdcrawl.store.frontier import Lease
from tdcrawl.store.rows import PageRequest

logger = logging.getLogger(__name__)

_SECONDS_UNTIL_ANOTHER_LOOK = 1
_MOST_TIMES_THE_ROOM = 8


class Feeder:
    """Hold as many pages as there is room for; the frontier keeps the rest.

    `lease` takes pages, so many at most, `read` is given each, `stop` is told what ends the crawl: `finished`, or
    `sink_unavailable` with the error.
    """

    def __init__(
        self,
        room: int,
        lease: Callable[[int], Awaitable[Lease]],
        read: Callable[[PageRequest], None],
        stop: Callable[[str, str | None], None],
    ) -> None:
        self._room = room
        self._most = _MOST_TIMES_THE_ROOM * room
        self._lease = lease
        self._read = read
        self._stop = stop
        self._in_hand: set[str] = set()
        self._leasing: asyncio.Future[None] | None = None
        # Nothing was there at the last look, and nothing was added since.
        self._dry = False
        self._idle = False
        # Other workers of the run are at what is left: they may find more, or die.
        self._waits = False
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._in_hand)

    def feed(self) -> None:
        """Lease pages where half of the room is empty; call it when pages were added."""
        self._dry = False
        self._fill()

    def close(self) -> None:
        """Look no more: the crawl is over."""
        self._room = self._most = 0
        if self._timer is not None:
            self._timer.cancel()

    def ended(self, page_id: str) -> None:
        """Make room: a page is out of our hands."""
        self._in_hand.discard(page_id)
        self._fill()

    def is_done(self) -> bool:
        """Say, when nothing is under way, whether nothing will come; where it may, `stop` is told once nothing does."""
        self._idle = True
        self._fill()
        return self._has_nothing()

    def _fill(self) -> None:
        if self._leasing is None and not self._dry and 2 * len(self._in_hand) < self._room:
            self._leasing = asyncio.ensure_future(self._take())

    async def _take(self) -> None:
        # Pages that are added meanwhile call for another look.
        self._dry = True
        held = len(self._in_hand)
        try:
            leased = await self._lease(self._room - held)
        except StoreError as error:
            self._stop("sink_unavailable", str(error))
            return
        except Exception:
            logger.exception("No page can be taken from the frontier")
            # The next page that ends asks again; where none is in hand, what is left is for the next run.
            self._dry, self._waits = not self._in_hand, False
            if self._idle and self._dry:
                self._stop("finished", None)
            return
        finally:
            self._leasing = None
        # A slow crawl holds few pages, and leaves the others to other workers; a fast one must not wait for leases.
        if len(self._in_hand) < held:
            self._room = min(2 * self._room, self._most)
        if leased.pages:
            self._dry = self._idle = False
        for page in leased.pages:
            self._in_hand.add(page.page_id)
            self._read(page)
        self._waits = leased.more
        if leased.more:
            self._timer = asyncio.get_running_loop().call_later(_SECONDS_UNTIL_ANOTHER_LOOK, self.feed)
        self._fill()
        if self._idle and self._has_nothing():
            self._stop("finished", None)

    def _has_nothing(self) -> bool:
        return self._dry and not self._waits and self._leasing is None and not self._in_hand
