"""Read pages through a browser, where they are nothing without their scripts; and keep it as polite as we are.

Playwright is imported where a page is rendered: most crawls and commands never do.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.settings import BaseSettings

from tdcrawl.errors import SettingError
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
        "PLAYWRIGHT_ABORT_REQUEST": unwanted_on(profile),
    }
    settings.setdict(ours, priority="spider")


def through_browser(profile: SiteProfile) -> dict[str, Any]:
    """Give the meta of a request for a page that is rendered; its button for more is pressed until it is gone."""
    if not profile.polite.render:
        return {}
    from scrapy_playwright.page import PageMethod  # noqa: PLC0415

    methods = [PageMethod(_settle)]
    if profile.follow.more:
        methods.append(PageMethod(_press, profile.follow.more, profile.follow.max_pages))
    return {"playwright": True, "playwright_page_methods": methods}


def unwanted_on(profile: SiteProfile) -> Callable[["Request"], Awaitable[bool]]:
    """Build what says of a request of the browser's own whether it is stopped.

    Stopped are pictures and fonts, all but http and https, a page of its own that leaves the site, and whatever leads
    into somebody's private network.
    """

    async def is_unwanted(request: "Request") -> bool:
        place = urlsplit(request.url)
        if request.resource_type in _UNSEEN or place.scheme not in {"http", "https"}:
            return True
        if profile.covers(request.url):
            return False
        return request.resource_type == "document" or not await _is_public(place.hostname or "")

    return is_unwanted


async def _is_public(host: str) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return False
    return all(ip_address(address[4][0]).is_global for address in found)


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
