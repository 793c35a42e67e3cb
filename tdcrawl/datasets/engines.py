"""Which engine compares and freezes: this process, or Daft where it is installed.

Each is imported when it is chosen: Scrapy imports every command's modules whenever it runs one.
"""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tdcrawl.errors import SettingError

if TYPE_CHECKING:
    from tdcrawl.datasets import dedup, source

ENGINES = ("local", "daft")
REMEDY = "pip install daft ray"
# Both report to their makers unless told not to, and would draw bars into what is printed. Daft reads it when imported.
_QUIET = {"DAFT_ANALYTICS_ENABLED": "0", "DAFT_PROGRESS_BAR": "0", "RAY_USAGE_STATS_ENABLED": "0"}


def daft_is_installed() -> bool:
    """Say whether Daft and Ray are there."""
    return all(find_spec(name) is not None for name in ("daft", "ray"))


def choose(name: str, ray_address: str) -> "dedup.Engine":
    """Build what compares; raises SettingError where Daft is not installed or no Ray cluster answers at the address."""
    if name == "local":
        from tdcrawl.datasets.local_engine import LocalEngine  # noqa: PLC0415 - it brings compiled loops

        return LocalEngine()
    _refuse_missing()
    from tdcrawl.datasets.daft_engine import DaftEngine  # noqa: PLC0415 - it cannot be imported without Daft

    return DaftEngine(ray_address)


def choose_freezing(name: str, ray_address: str) -> "source.Engine":
    """Build what works on the records of a version; raises SettingError as `choose` does."""
    if name == "local":
        from tdcrawl.datasets.local_source import LocalFreezing  # noqa: PLC0415 - it brings pyarrow

        return LocalFreezing()
    _refuse_missing()
    from tdcrawl.datasets.daft_freeze import DaftFreezing  # noqa: PLC0415 - it cannot be imported without Daft

    return DaftFreezing(ray_address)


def _refuse_missing() -> None:
    if not daft_is_installed():
        raise SettingError(f"--engine daft needs packages that are not here: {REMEDY}")
    os.environ.update(_QUIET)
