"""`scrapy crawl SPIDER -a site=…`: crawl, then say what became of every page and item, and exit by it."""

import argparse
import asyncio
import gc
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
from tdcrawl.verdict import INTERRUPTED

logger = logging.getLogger(__name__)

_OBJECTS_BETWEEN_COLLECTIONS = 10_000


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
        from tdcrawl.extensions import metrics  # noqa: PLC0415 - see _report

        with _explained():
            metrics.listen(self.crawler_process.settings)
        try:
            crawler = self._create_crawler(args[0])
        except KeyError:
            known = ", ".join(self.crawler_process.spider_loader.list())
            raise UsageError(f"unknown spider {args[0]!r}; known: {known}", print_help=False) from None
        task = self.crawler_process.crawl(crawler, **opts.spargs)
        # What was imported until here stays, and a page makes thousands of objects that go by themselves: looking for
        # garbage as often as Python does took a third of a crawl's time.
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
        self.crawler_process.start()
        assert isinstance(task, asyncio.Task)
        self._end(crawler, task, opts.json)

    def _end(self, crawler: Crawler, task: asyncio.Task[None], as_json: bool) -> None:
        if task.cancelled() or not task.done():
            # A second signal stops the event loop at once, whatever is under way.
            print("the run was cut off; the same command takes up what it left", file=sys.stderr)
            self.exitcode = INTERRUPTED
            return
        error = task.exception()
        if isinstance(error, FinishedError) and as_json:
            print(json.dumps({"run": error.run_id, "reason": "already_finished"}))
        if isinstance(error, TdcrawlError):
            print(error, file=sys.stderr)
            self.exitcode = error.exit_status
            return
        if error is not None:
            # Through the log, which keeps its secrets.
            logger.critical("The crawl broke", exc_info=error)
            self.exitcode = 1
            return
        self._report(crawler, as_json)

    def _report(self, crawler: Crawler, as_json: bool) -> None:
        # A crawl has them by now. Scrapy imports this file for every command, and none should wait for compiled loops.
        from tdcrawl.crawling import SiteSpider  # noqa: PLC0415
        from tdcrawl.extensions.run_report import RunReport  # noqa: PLC0415

        report, spider = crawler.get_extension(RunReport), crawler.spider
        assert report is not None
        assert report.verdict is not None
        assert isinstance(spider, SiteSpider)
        stages = [stage.name for stage in crawler.engine.scraper.itemproc.middlewares]
        stats = crawler.stats.get_stats()
        figures = reporting.run_figures(spider.session.run, stats, stages, report.check, report.verdict)
        figures |= {"failed_pages": report.failed_pages, "reasons": report.reasons, "alarms": report.alarms}
        self.exitcode = report.verdict.exit_status
        if as_json:
            print(json.dumps(figures))
        else:
            reporting.print_run(reporting.open_console(), figures, report.check, report.feeds)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except SettingError as error:
        raise UsageError(str(error), print_help=False) from None
