"""Read pages through a browser, where they are nothing without their scripts; and keep it as polite as we are.

Playwright is imported where a page is rendered: most crawls and commands never do.
"""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.settings import BaseSettings

from tdcrawl.errors import SettingError
from tdcrawl.network import Network
from tdcrawl.outcomes import PageReason, PageRejection, PageState
from tdcrawl.setting_values import read_network
from tdcrawl.sites.profile import SiteProfile

if TYPE_CHECKING:
    from playwright.async_api import Page, Request

REMEDY = "apt-get install chromium"
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_HANDLER = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
# Nobody reads them here.
_UNSEEN = frozenset({"image", "media", "font"})
# Some pages ask for news for ever; what came until then is the page.
_MILLISECONDS_UNTIL_QUIET = 5_000


def find_browser() -> str | None:
    """Find the system's Chromium."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


def use_browser(settings: BaseSettings, profile: SiteProfile) -> None:
    """Have a site's pages fetched by the browser, where it wants that; raises SettingError where there is none."""
    if not profile.polite.render:
        return
    browser = find_browser()
    if browser is None:
        raise SettingError(f"{profile.name}.toml: render = true needs Chromium, which is not here: {REMEDY}")
    handlers = {**settings.getdict("DOWNLOAD_HANDLERS"), "http": _HANDLER, "https": _HANDLER}
    agent = {"user_agent": settings["USER_AGENT"], "ignore_https_errors": False, "service_workers": "block"}
    ours = {
        "DOWNLOAD_HANDLERS": handlers,
        "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": browser},
        "PLAYWRIGHT_CONTEXTS": {"default": agent},
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": 1000 * settings.getfloat("DOWNLOAD_TIMEOUT"),
        "PLAYWRIGHT_ABORT_REQUEST": unwanted_on(profile, read_network(settings)),
    }
    settings.setdict(ours, priority="spider")
    # It prints a traceback for each page that fails, whose reason the ledger has.
    logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)


def through_browser(profile: SiteProfile, max_size: int) -> dict[str, Any]:
    """Give the meta of a request for a page that is rendered; its button for more is pressed until it is gone.

    One that leaves the site, or grows above `max_size` bytes, ends as PageRejection before anybody reads it.
    """
    if not profile.polite.render:
        return {}
    from scrapy_playwright.page import PageMethod  # noqa: PLC0415

    methods = [PageMethod(_settle)]
    if profile.follow.more:
        methods.append(PageMethod(_press, profile.follow.more, profile.follow.max_pages))
    methods.append(PageMethod(_refuse, profile, max_size))
    return {"playwright": True, "playwright_page_methods": methods}


def unwanted_on(profile: SiteProfile, network: Network) -> Callable[["Request"], Awaitable[bool]]:
    """Build what says of a request of the browser's own whether it is stopped.

    Stopped are pictures and fonts, a page of its own that leaves the site, and whatever goes where a crawl may not go;
    this machine, where it may, is the place of the page itself alone: there are other doors beside a shop. Chromium
    itself stops redirects and sockets from a public address into a private network.
    """
    away = replace(network, loopback=False)

    async def is_unwanted(request: "Request") -> bool:
        allowed = network if _is_at_home(request) else away
        if request.resource_type in _UNSEEN or allowed.refusal(request.url):
            return True
        leaves = request.resource_type == "document" and not profile.covers(request.url)
        return leaves or await _leads_astray(allowed, urlsplit(request.url).hostname or "")

    return is_unwanted


def _is_at_home(request: "Request") -> bool:
    """Say whether a request goes to the host and port that its page is from, or is for the page itself."""
    page = urlsplit(request.frame.page.url)
    return page.scheme == "about" or page.netloc == urlsplit(request.url).netloc


async def _leads_astray(network: Network, host: str) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return True
    return network.refusal_of_all(str(address[4][0]) for address in found) is not None


async def _refuse(page: "Page", profile: SiteProfile, max_size: int) -> None:
    if not profile.covers(page.url):
        raise PageRejection(PageState.FAILED, PageReason.OFF_SITE, f"it redirects off the site, to {page.url}")
    size = await page.evaluate("new Blob([document.documentElement.outerHTML]).size")
    if 0 < max_size < size:
        detail = f"it is larger than DOWNLOAD_MAXSIZE ({max_size} bytes) once rendered: {size}"
        raise PageRejection(PageState.FAILED, PageReason.TOO_LARGE, detail)


async def _settle(page: "Page") -> None:
    """Wait until the page has stopped asking for more."""
    from playwright.async_api import Error  # noqa: PLC0415

    with suppress(Error):
        await page.wait_for_load_state("networkidle", timeout=_MILLISECONDS_UNTIL_QUIET)


async def _press(page: "Page", button: str, most: int) -> None:
    """Press a button as long as it is there and the page grows by it, so often at most."""
    from playwright.async_api import Error  # noqa: PLC0415

    with suppress(Error):
        for _ in range(most):
            if not await page.locator(button).first.is_visible():
                return
            elements = await page.evaluate("document.getElementsByTagName('*').length")
            await page.locator(button).first.click(timeout=_MILLISECONDS_UNTIL_QUIET)
            await page.wait_for_function(
                "before => document.getElementsByTagName('*').length > before",
                arg=elements,
                timeout=_MILLISECONDS_UNTIL_QUIET,
            )
            await _settle(page)
