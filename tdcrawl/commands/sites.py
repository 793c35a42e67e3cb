"""`scrapy sites`: the bundled sites, what they hold, and how they were when last crawled."""

import argparse
from typing import Any

from rich.console import Console
from rich.table import Table

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.sites.loading import bundled_sites, load_profile
from tdcrawl.store.overview import ALARMS, FAILURES, last_runs

_NUMBERS = ("records", "failed", "alarms")


class Command(TdcrawlCommand):
    """List the sites that come with the project and those that were crawled from files of their own."""

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "List the bundled sites, their record type, last run and its health"

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Put the site files and the runs side by side."""
        runs, bundled = last_runs(self.engine), bundled_sites()
        sites = [_site(name, load_profile(name).record_type, runs.get(name)) for name in bundled]
        sites += [_site(name, run["record_type"], run) for name, run in sorted(runs.items()) if name not in bundled]
        return {"sites": sites}

    def show(self, console: Console, answer: Answer) -> None:
        """Print a line for each site."""
        table = Table("site", "record type", "last run", "health", "ended", "records", "failed", "alarms", box=None)
        for site in answer["sites"]:
            numbers = ("" if site[name] is None else str(site[name]) for name in _NUMBERS)
            last = (site["started_at"] or "never")[:16]
            table.add_row(site["name"], site["record_type"], last, site["health"], site["reason"], *numbers)
        console.print(table)


def _site(name: str, record_type: str, run: dict[str, Any] | None) -> dict[str, Any]:
    stats = (run or {}).get("stats") or {}
    return {
        "name": name,
        "record_type": record_type,
        "started_at": run["started_at"].isoformat(timespec="seconds") if run else None,
        "health": run["health"] if run else "never",
        "reason": run and run["finish_reason"],
        "failures": stats.get(FAILURES, []),
        "records": stats.get("tdcrawl/items/record", 0) if run else None,
        "failed": stats.get("tdcrawl/items/failed", 0) if run else None,
        "alarms": len(stats.get(ALARMS, [])) if run else None,
    }
