"""End the run: the ledger is closed, exported and checked, and the run is judged."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler

from tdcrawl.crawling import SiteSpider
from tdcrawl.datasets.feeds import export_run
from tdcrawl.errors import StoreError
from tdcrawl.session import Session
from tdcrawl.store.beginning import REPLAY
from tdcrawl.store.engine import reachable
from tdcrawl.store.erasure import clear_archive
from tdcrawl.store.overview import ALARMS, EXPECTED, FAILURES, SHARES, WARNINGS
from tdcrawl.store.permissions import opt_outs
from tdcrawl.store.run_rows import failed_pages, run_reasons, so_far
from tdcrawl.store.shares import compare
from tdcrawl.store.verify import LedgerCheck, check_ledger
from tdcrawl.verdict import Verdict, judge, not_found

logger = logging.getLogger(__name__)

_MOST_PAGES = 5


class RunReport:
    """Hold, once the spider has closed, what the crawl command prints and exits with."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self.check: LedgerCheck | None = None
        self.verdict: Verdict | None = None
        self.feeds: list[Path] = []
        self.failed_pages: list[dict[str, Any]] = []
        self.reasons: dict[str, dict[str, int]] = {}
        self.alarms: list[dict[str, Any]] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Wait for the spider to close: by then every item has its outcome."""
        self = cls(crawler)
        crawler.signals.connect(self.on_closed, signals.spider_closed)
        return self

    async def on_closed(self, spider: SiteSpider, reason: str) -> None:
        """Commit what is left, write the exports, and judge."""
        session, stats = spider.session, self._crawler.stats.get_stats()
        data_dir = Path(self._crawler.settings["TDCRAWL_DATA_DIR"])
        spider.feeder.close()
        with suppress(StoreError):  # Where the database is gone, leaving says so.
            await session.ledger.drained()
        try:
            is_last = session.leave()
            with reachable():
                # What processes before this one and beside it did for the run counts too.
                stats.update(so_far(session.ledger.engine, session.run.run_id))
                if session.archive:  # Of what it holds, something may have been erased just then.
                    clear_archive(session.ledger.engine, data_dir, session.archive.name)
                if is_last:
                    self.feeds = export_run(session.ledger.engine, session.run.run_id, session.record_type, data_dir)
            figures = {name: value for name, value in stats.items() if name.startswith("tdcrawl/")}
            # After its feeds: a run that has ended is not taken up, and they would never be written.
            reason = session.ledger.finish(reason, figures)
            with reachable():
                self.failed_pages = failed_pages(session.ledger.engine, session.run.run_id, _MOST_PAGES)
                self.reasons = run_reasons(session.ledger.engine, session.run.run_id)
                self.check = check_ledger(session.ledger.engine)
            self.verdict = judge(reason, figures, self.check, session.profile.expect)
            self.verdict.warnings.extend(opt_outs(session.ledger.engine, session.run.run_id))
            judgement: dict[str, Any] = {}
            if is_last and session.run.spider != REPLAY:
                judgement = self._compared(session, reason, figures)
                self.verdict.warnings.extend(not_found(judgement[SHARES]["fields"], session.profile.read))
            session.ledger.judged(judgement | {FAILURES: self.verdict.failures, WARNINGS: self.verdict.warnings})
        except StoreError as error:
            self.verdict = Verdict(reason, [str(error)], [])
        finally:
            session.ledger.engine.dispose()

    def _compared(self, session: Session, reason: str, figures: Mapping[str, Any]) -> dict[str, Any]:
        """Compare the run with earlier ones; gives what is kept of that, for those that come."""
        with reachable():
            shares, alarms = compare(session.ledger.engine, session.run, reason, session.record_type, figures)
        self.alarms = [alarm.told() for alarm in alarms]
        return {EXPECTED: session.profile.expect.model_dump(), ALARMS: self.alarms, SHARES: shares}
