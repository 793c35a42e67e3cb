"""What our Scrapy commands have in common; outside commands/, where Scrapy would take it for a command itself."""

import argparse
import json
import os
import sys
from abc import abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from tdcrawl.errors import TdcrawlError
from tdcrawl.extensions.log_lines import keep_secrets, warn_of_shown_secrets
from tdcrawl.redaction import redact
from tdcrawl.reporting import open_console
from tdcrawl.setting_values import read_database_url
from tdcrawl.store.engine import Engine, open_engine, reachable

Answer = dict[str, Any]
"""What a command found out, as JSON values."""


class TdcrawlCommand(ScrapyCommand):
    """Answer a question, for people or with --json as one object; an error is one line and an exit status.

    A command says what it found in `answer` and how that looks in `show`; where the finding is bad news it sets
    `exitcode`.
    """

    requires_project = True
    requires_crawler_process = False

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --json to Scrapy's options."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Answer and print; raises UsageError for arguments that nobody asked for."""
        if args:
            raise UsageError(f"unrecognized arguments: {' '.join(args)}", print_help=False)
        keep_secrets(self.project_settings)
        warn_of_shown_secrets(self.project_settings)
        try:
            with reachable():
                self._print(self.answer(opts), opts.json)
        except BrokenPipeError:
            # Whoever read it (head, say) has seen enough; Python would complain once more when it flushes at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except TdcrawlError as error:
            print(redact(str(error)), file=sys.stderr)
            self.exitcode = error.exit_status
        finally:
            if "engine" in vars(self):
                self.engine.dispose()

    @abstractmethod
    def answer(self, opts: argparse.Namespace) -> Answer:
        """Find out what was asked; raises TdcrawlError."""

    @abstractmethod
    def show(self, console: Console, answer: Answer) -> None:
        """Print the answer for people."""

    @cached_property
    def engine(self) -> Engine:
        """Open the database on first use; raises SettingError or StoreError."""
        return open_engine(read_database_url(self.project_settings))

    @property
    def data_dir(self) -> Path:
        """Give the folder that everything but the database is kept in."""
        return Path(self.project_settings["TDCRAWL_DATA_DIR"])

    @property
    def project_settings(self) -> BaseSettings:
        """Give the settings, which Scrapy sets before it runs a command."""
        assert self.settings is not None
        return self.settings

    def _print(self, answer: Answer, as_json: bool) -> None:
        if as_json:
            print(json.dumps(answer))
        else:
            self.show(open_console(), answer)
        sys.stdout.flush()
