"""`scrapy failed [list|replay]`: what failed, and another try at it from the archive, without a network."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from tdcrawl import reporting
from tdcrawl.asking import asks
from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.errors import SiteError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.running import Ended, run_crawl
from tdcrawl.sites.loading import bundled_sites, load_profile
from tdcrawl.sites.profile import SiteProfile
from tdcrawl.store.failures import list_failures

_NOTHING = "nothing failed, or all of it was mended since"


class Command(TdcrawlCommand):
    """List failed records and pages, or read their pages anew as the site file says now."""

    _ended: Ended | None = None

    def syntax(self) -> str:
        """Name the actions."""
        return "[list|replay] [--site S] [--reason R] [--dry-run]"

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "List what failed; replay it from archived pages, without a network, once the site file is mended"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Take what to do, and with which failures."""
        super().add_options(parser)
        parser.add_argument("action", nargs="?", choices=("list", "replay"), default="list")
        parser.add_argument("--site", metavar="S", help="only of this site: its name, or its site file")
        parser.add_argument("--reason", metavar="R", help="only for this reason (docs/reasons.md)")
        parser.add_argument("--dry-run", action="store_true", help="replay: say what would happen, and change nothing")

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Find what failed, and try it again if so told; raises SiteError, SettingError or StoreError."""
        site = Path(opts.site).stem if opts.site else None
        failures = list_failures(self.engine, site, opts.reason)
        if opts.action == "list":
            if opts.dry_run:
                raise SiteError("--dry-run goes with replay: scrapy failed replay --dry-run")
            return {"failures": failures}
        if not any(failure["archived"] for failure in failures):
            return {"failures": failures, "replayed": None}
        profile = load_profile(opts.site or _the_site(failures))
        replayed = self._rehearse(profile, opts.reason) if opts.dry_run else self._replay(profile, opts.reason)
        return {"failures": failures, "replayed": replayed}

    def show(self, console: Console, answer: Answer) -> None:
        """Print what failed, or how the replay went."""
        if self._ended:
            reporting.print_run(console, self._ended.figures, self._ended.check, self._ended.feeds)
            return
        _show_failures(console, answer["failures"])
        if "replayed" in answer:
            _show_rehearsed(console, answer["replayed"])

    def _replay(self, profile: SiteProfile, reason: str | None) -> dict[str, Any]:
        # Scrapy imports this file for every command, and none should wait for the readers.
        from tdcrawl.replaying import ReplaySpider  # noqa: PLC0415

        process = AsyncCrawlerProcess(Settings(self.project_settings.copy()))
        crawler = process.create_crawler(ReplaySpider)
        self._ended = run_crawl(process, crawler, profile=profile, reason=reason)
        self.exitcode = self._ended.exit_status
        return self._ended.figures

    def _rehearse(self, profile: SiteProfile, reason: str | None) -> dict[str, Any]:
        from tdcrawl.rehearsal import rehearse  # noqa: PLC0415 - see _replay

        would_ask = asks(self.project_settings, RECORD_TYPES[profile.record_type])
        return rehearse(self.engine, self.data_dir, profile, reason, asks=would_ask)


def _the_site(failures: list[dict[str, Any]]) -> str:
    """Name the one site of which something can be replayed; raises SiteError where there are several, or no file."""
    sites = sorted({failure["site"] for failure in failures if failure["archived"]})
    if len(sites) > 1:
        raise SiteError(f"which site? Something failed on {', '.join(sites)}: give one, --site {sites[0]}")
    if sites[0] not in bundled_sites():
        raise SiteError(f"{sites[0]} is a site of yours: give its file, --site {sites[0]}.toml")
    return str(sites[0])


def _show_failures(console: Console, failures: list[dict[str, Any]]) -> None:
    numbers = (Column(name, justify="right") for name in ("number", "archived"))
    table = Table("site", "what", "reason", *numbers, box=None)
    for failure in failures:
        table.add_row(*(escape(str(failure[name])) for name in ("site", "what", "reason", "number", "archived")))
    console.print(table if failures else _NOTHING)


def _show_rehearsed(console: Console, replayed: dict[str, Any] | None) -> None:
    if replayed is None:
        console.print("none of it is in the archive: nothing can be replayed")
        return
    fails = ", ".join(f"{number} {reason}" for reason, number in replayed["would_fail"].items())
    console.print(
        f"{replayed['pages']} pages would be read anew: {replayed['would_pass']} records would pass validation, "
        f"{sum(replayed['would_fail'].values())} would fail{f' ({escape(fails)})' if fails else ''}"
    )
    for name, said in (("new", "records were not found before"), ("gone", "failed records stand there no more")):
        if replayed[name]:
            console.print(f"{replayed[name]} {said}")
    if replayed["unreadable"]:
        console.print(f"[yellow]![/] {replayed['unreadable']} pages of the archive cannot be read")
