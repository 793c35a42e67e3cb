"""The reactor that Scrapy wants installed before a crawler has settings, though no test here runs it."""

import asyncio
import atexit
from functools import cache

from scrapy.utils.reactor import install_reactor


@cache
def install() -> None:
    """Install Scrapy's own, and close what it opens when all is done."""
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    # Else Python tells of it at the very end, where one looks for what failed.
    atexit.register(asyncio.get_event_loop().close)
