"""The lines of the log: as text or as JSON, each with its site and run, none with a secret."""

import logging
import os
from typing import Any

from pythonjsonlogger.json import JsonFormatter
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, Settings
from scrapy.utils.log import _get_handler

from tdcrawl.redaction import redact, secrets_among
from tdcrawl.setting_values import read_choice

logger = logging.getLogger(__name__)

_FIELDS = ("time", "level", "logger", "message", "site", "run", "exc_info")


class JsonLines(JsonFormatter):
    """Write a line as one JSON object; site and run are null until a crawl is under way."""

    def __init__(self, site: str | None, run: str | None) -> None:
        renamed, crawl = {"levelname": "level", "name": "logger"}, {"site": site, "run": run}
        super().__init__(("levelname", "name", "message"), rename_fields=renamed, static_fields=crawl, timestamp="time")

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the parent's name
        """Write a traceback without secrets and persons."""
        return _hidden(str(super().formatException(ei)))

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Leave out what callers attach: Scrapy gives its spider to each line."""
        return {name: log_data[name] for name in _FIELDS if name in log_data}


class RedactedRecord(logging.LogRecord):
    """Say nothing secret, and quote no person in a traceback; it costs only where a line is written."""

    _told: str | None = None

    def getMessage(self) -> str:  # noqa: N802 - the parent's name
        """Give the message without secrets."""
        return redact(super().getMessage())

    @property
    def exc_text(self) -> str | None:
        """Give the traceback with both hidden; formatters ask for it before they would write their own."""
        if self._told is None and self.exc_info:
            self._told = _hidden(logging.Formatter().formatException(self.exc_info))
        return self._told

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        self._told = text


def _hidden(traceback: str) -> str:
    # It takes a tenth of a second, and most commands write no traceback.
    from tdcrawl.privacy import mask_error  # noqa: PLC0415

    return mask_error(traceback)


def keep_secrets(settings: BaseSettings, *more: str) -> None:
    """Hide, in all that is logged from now on, what is secret in the environment and the settings, and more."""
    redact.hide([*secrets_among(os.environ), *secrets_among({name: settings[name] for name in settings}), *more])
    logging.setLogRecordFactory(RedactedRecord)


def open_log(settings: Settings) -> None:
    """Begin to log as TDCRAWL_LOG_FORMAT says, before Scrapy logs anything; raises SettingError."""
    keep_secrets(settings)
    if read_choice(settings, "TDCRAWL_LOG_FORMAT", ("text", "json")) == "json":
        settings.set("LOG_INSTALL_ROOT_HANDLER", value=False, priority="cmdline")
        _log_as_json(settings)
    warn_of_shown_secrets(settings)


def warn_of_shown_secrets(settings: BaseSettings) -> None:
    """Name the secrets that were given with -s: the process list shows them to all who are on this machine."""
    told = [name for name in settings if settings.getpriority(name) == SETTINGS_PRIORITIES["cmdline"]]
    for name in told:
        if any(secrets_among({name: settings[name]})):
            logger.warning("-s %s shows a secret to all on this machine: put it into the environment instead", name)


def name_crawl(settings: Settings, site: str, run: str) -> None:
    """Put site and run into each line from now on."""
    if settings["TDCRAWL_LOG_FORMAT"] == "json":
        _log_as_json(settings, site, run)
    else:
        # Scrapy opens its handler anew once it has all settings of a crawl.
        told = settings["LOG_FORMAT"].replace("%(message)s", f"[{site} {run}] %(message)s")
        settings.set("LOG_FORMAT", told, priority="cmdline")


def _log_as_json(settings: Settings, site: str | None = None, run: str | None = None) -> None:
    for handler in [each for each in logging.root.handlers if isinstance(each.formatter, JsonLines)]:
        logging.root.removeHandler(handler)
        handler.close()
    # Where it goes and from which level on, LOG_FILE and its like say, which Scrapy knows how to read.
    handler = _get_handler(settings)
    handler.setFormatter(JsonLines(site, run))
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.NOTSET)
