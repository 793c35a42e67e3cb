"""`scrapy crawl SPIDER -a site=…`: crawl, then say what became of every page and item, and exit by it."""

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError

from tdcrawl import reporting
from tdcrawl.errors import FinishedError, SettingError, TdcrawlError
from tdcrawl.extensions.log_lines import open_log
from tdcrawl.redaction import redact
from tdcrawl.running import run_crawl

logger = logging.getLogger(__name__)


class Command(ScrapyCrawl):
    """Run a spider as Scrapy does, with an exit status that tells the truth."""

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Collect one site: scrapy crawl retailer_reviews -a site=NAME_OR_FILE.toml [-a limit=N]"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --json to Scrapy's options."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print the run's figures as one JSON object")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Open the log once the settings are known; raises UsageError where they say nothing sensible of it."""
        super().process_options(args, opts)
        assert self.settings is not None
        with _explained():
            open_log(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl; the exit status is the verdict's, or that of the error that kept the crawl from starting."""
        if len(args) != 1:
            raise UsageError("name one spider, e.g. scrapy crawl retailer_reviews -a site=demo_store")
        assert self.crawler_process is not None
        from tdcrawl.extensions import metrics  # noqa: PLC0415 - Scrapy imports this file for every command

        with _explained():
            metrics.listen(self.crawler_process.settings)
        try:
            crawler = self._create_crawler(args[0])
        except KeyError:
            known = ", ".join(self.crawler_process.spider_loader.list())
            raise UsageError(f"unknown spider {args[0]!r}; known: {known}", print_help=False) from None
        self._crawl(crawler, opts)

    def _crawl(self, crawler: Crawler, opts: argparse.Namespace) -> None:
        try:
            assert self.crawler_process is not None
            ended = run_crawl(self.crawler_process, crawler, **opts.spargs)
        except TdcrawlError as error:
            if isinstance(error, FinishedError) and opts.json:
                print(json.dumps({"run": error.run_id, "reason": "already_finished"}))
            print(redact(str(error)), file=sys.stderr)
            self.exitcode = error.exit_status
        except Exception:
            # Through the log, which keeps its secrets.
            logger.critical("The crawl broke", exc_info=True)
            self.exitcode = 1
        else:
            self.exitcode = ended.exit_status
            if opts.json:
                print(json.dumps(ended.figures))
            else:
                reporting.print_run(reporting.open_console(), ended.figures, ended.check, ended.feeds)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except SettingError as error:
        raise UsageError(redact(str(error)), print_help=False) from None
