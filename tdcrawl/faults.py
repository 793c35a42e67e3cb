"""Places where a process can be made to fail on purpose, to show that nothing is lost: nothing happens by itself.

With `TDCRAWL_FAULT=after_commit:3:kill9` in the environment a process is killed when it comes to `after_commit` for the
third time. Actions: kill9, term (a SIGTERM to itself), raise, and sleep (five seconds).
"""

import os
import signal
import time
from collections.abc import Callable
from itertools import count
from typing import Final

from tdcrawl.errors import SettingError

POINTS: Final = (
    "after_yield", "after_canonical", "after_validate", "after_exact_dedup", "after_near_dedup", "after_vote_1",
    "after_vote_2", "after_label",
    "after_quota_reserve", "before_commit", "after_commit", "before_page_done", "after_page_done", "export_open",
    "export_rowgroup", "export_before_rename", "export_after_rename", "manifest_before", "manifest_after",
    "upload_file", "before_batch_submitted", "after_batch_submitted", "review_before_commit", "review_after_commit",
    "promote_after_commit", "erase_before_commit", "erase_after_commit", "erase_after_archive", "erase_after_feeds",
)  # fmt: skip
"""The names, in the order in which a record comes past them."""

_SECONDS = 5


class FaultError(Exception):
    """Be raised on purpose."""


def _fail() -> None:
    raise FaultError("TDCRAWL_FAULT says so")


_ACTIONS: dict[str, Callable[[], None]] = {
    "kill9": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "term": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "raise": _fail,
    "sleep": lambda: time.sleep(_SECONDS),
}


def _read(told: str) -> tuple[str, int, str] | None:
    if not told:
        return None
    name, _, rest = told.partition(":")
    number, _, action = rest.partition(":")
    if name not in POINTS or not number.isdecimal() or action not in _ACTIONS:
        raise SettingError(
            f"TDCRAWL_FAULT={told}: write name:n:action, with a name of {', '.join(POINTS)} and an action of "
            f"{', '.join(_ACTIONS)}"
        )
    return name, int(number), action


_WANTED = _read(os.environ.get("TDCRAWL_FAULT", ""))
_turns = count(1)


def point(name: str) -> None:
    """Fail here, if it is here that this process was told to fail."""
    if _WANTED is not None and _WANTED[0] == name and next(_turns) == _WANTED[1]:
        _ACTIONS[_WANTED[2]]()
