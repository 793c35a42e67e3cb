"""Wait for what others do, and leave them the processor meanwhile."""

import time
from collections.abc import Callable

_SECONDS_BETWEEN_LOOKS = 0.05


def wait_until(happened: Callable[[], object]) -> None:
    """Look until it has; a test that waits in vain runs into its time limit."""
    while not happened():
        time.sleep(_SECONDS_BETWEEN_LOOKS)
