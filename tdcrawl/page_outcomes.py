"""What a page gave, and what Scrapy and Twisted report about one that could not be read, as its outcome."""

import asyncio
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus
from time import monotonic
from traceback import clear_frames
from typing import Any

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Request, Response
from scrapy.settings import BaseSettings
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from tdcrawl.outcomes import NotReadError, PageReason, PageRejection, PageState
from tdcrawl.records.base import TrainingItem

logger = logging.getLogger(__name__)

_SECONDS_AT_A_TIME = 0.1

_REASONS: tuple[tuple[type[Exception], PageReason], ...] = (
    (DownloadTimeoutError, PageReason.TIMEOUT),
    (DownloadCancelledError, PageReason.TOO_LARGE),
    (DownloadConnectionRefusedError, PageReason.UNREACHABLE),
    (CannotResolveHostError, PageReason.UNREACHABLE),
    (ResponseDataLossError, PageReason.UNREACHABLE),
    (UnsupportedURLSchemeError, PageReason.UNREACHABLE),
    (NotReadError, PageReason.UNREACHABLE),
)
# What a browser says, in the order in which its words count.
_IN_BROWSER = (
    ("Timeout", PageReason.TIMEOUT),
    # An error without a page of its own.
    ("net::ERR_HTTP_RESPONSE_CODE_FAILURE", PageReason.HTTP_STATUS),
    ("net::ERR_CERT", PageReason.TLS),
    ("net::ERR_SSL", PageReason.TLS),
    ("net::ERR", PageReason.UNREACHABLE),
)


def refuse_error(response: Response, settings: BaseSettings) -> None:
    """Raise PageRejection for a page that says by its HTTP status that it is none.

    Scrapy's own HttpErrorMiddleware would do so before anybody could keep the page.
    """
    allowed = {str(status) for status in settings.getlist("HTTPERROR_ALLOWED_CODES")}
    if not (HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES or str(response.status) in allowed):
        raise _failed(PageReason.HTTP_STATUS, f"HTTP {response.status}")


def of_failure(failure: Failure) -> PageRejection:
    """Name the outcome of a page whose download failed or was refused."""
    error = failure.value
    if isinstance(error, PageRejection):
        return error
    if isinstance(error, HttpError):
        return _failed(PageReason.HTTP_STATUS, f"HTTP {error.response.status}")
    if isinstance(error, IgnoreRequest):
        return _of_ignored(error)
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return _failed(reason, str(error))
    if isinstance(error, DownloadFailedError):
        return _failed(PageReason.TLS if "SSL" in str(error) else PageReason.UNREACHABLE, str(error))
    return _of_unnamed(error)


def _of_unnamed(error: BaseException | None) -> PageRejection:
    message = str(error)
    for words, reason in _IN_BROWSER:
        if words in message and type(error).__module__.startswith("playwright."):
            return _failed(reason, message.partition("\n")[0])
    return _failed(PageReason.PARSE_ERROR, f"{type(error).__name__}: {message}")


def _of_ignored(error: IgnoreRequest) -> PageRejection:
    message = str(error)
    if message.startswith("max redirections"):
        return _failed(PageReason.TRAP, "it redirects without end")
    if "exceeded DOWNLOAD_MAXSIZE" in message:
        return _failed(PageReason.TOO_LARGE, message)
    if message.startswith("Filtered offsite request"):
        return PageRejection(PageState.SKIPPED, PageReason.OFF_SITE, message)
    return _failed(PageReason.UNREACHABLE, message)


def _failed(reason: PageReason, detail: str) -> PageRejection:
    return PageRejection(PageState.FAILED, reason, detail)


def let_go(error: BaseException | None) -> None:
    """Empty the frames through which an error came.

    They hold the page, and each other: it would stay in memory until somebody looks for garbage.
    """
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__cause__


async def collect(result: AsyncIterator[Any]) -> tuple[list[Request], list[TrainingItem], PageRejection | None]:
    """Take all that a callback yields, and how it ended: what was read before it broke is kept."""
    requests: list[Request] = []
    items: list[TrainingItem] = []
    try:
        since = monotonic()
        async for output in result:
            if monotonic() - since > _SECONDS_AT_A_TIME:
                # What a large page holds may take seconds, and others wait.
                await asyncio.sleep(0)
                since = monotonic()
            (requests if isinstance(output, Request) else items).append(output)
    except PageRejection as rejection:
        let_go(rejection)
        return requests, items, rejection
    except Exception:
        # What was read before the callback broke is kept; the page says that it broke.
        logger.exception("The callback of a page failed")
        return requests, items, of_failure(Failure())
    return requests, items, None
