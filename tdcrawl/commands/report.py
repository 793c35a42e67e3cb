"""`scrapy report`: how the last runs went, in the terminal or as one page with pictures."""

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from scrapy.utils.conf import build_component_list
from scrapy.utils.misc import load_object

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.errors import StoreError
from tdcrawl.report.figures import collect
from tdcrawl.reporting import stage_table
from tdcrawl.setting_values import seats_of

_WAITING = {"for_model": "scrapy label", "for_people": "scrapy review"}


class Command(TdcrawlCommand):
    """Report the newest run of each site, or one run."""

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Report how the last runs went: funnel, balance, failures, fields, pace, alarms"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Take a run, and a file for the page."""
        super().add_options(parser)
        parser.add_argument("--run", metavar="ID", help="report this run, not the newest one of each site")
        parser.add_argument("--html", type=Path, metavar="FILE", help="write one page with pictures")

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Collect the figures, and write the page if one was asked for; raises StoreError or SettingError."""
        in_order = build_component_list(self.project_settings.getwithbase("ITEM_PIPELINES"))
        stages = [load_object(stage).name for stage in in_order]
        figures = collect(self.engine, opts.run, stages, partial(seats_of, self.project_settings))
        if opts.html:
            _write(opts.html, figures)
        return figures

    def show(self, console: Console, answer: Answer) -> None:
        """Print the tables that say most."""
        table = Table("site", "run", "health", "ended", "pages", "items", "records", "failed", "alarms", box=None)
        for run in answer["runs"]:
            numbers = (run["pages"]["done"], run["items"]["yielded"], run["items"]["record"], run["items"]["failed"])
            said = (run["site"], run["run"], run["health"], run["reason"] or "", *numbers, len(run["alarms"]))
            table.add_row(*(escape(str(cell)) for cell in said))
        console.print(table)
        for run in answer["runs"]:
            for said in [*run["failures"], *run["warnings"], *(alarm["message"] for alarm in run["alarms"])]:
                console.print(f"[yellow]![/] {escape(run['site'])}: {escape(said)}")
        console.print(stage_table(answer["funnel"]))
        for line in answer["balance"]:
            seats = "" if line["seats"] is None else f" of {line['seats']} seats"
            console.print(f"{escape(line['stratum'])}: {line['records']} records{seats}")
        console.print(_labels(answer["labels"]))
        for line in answer["failures"]:
            console.print(f"{escape(line['site'])}: {line['number']} {line['what']} failed, {escape(line['reason'])}")


def _labels(told: Answer) -> str:
    """Say who labelled the records, what that cost, and what waits."""
    who = ", ".join(f"{number} by {source}" for source, number in told["by_source"].items()) or "none"
    parts = [f"labels: {who}"]
    if told["calls"]:
        parts.append(f"{told['calls']} calls, {told['usd']:.4f} USD")
    parts += [f"{line['noise']['noise']:.1%} of those by votes wrong" for line in told["quality"] if line["noise"]]
    if (kappa := told["agreement"]["fleiss_kappa"]) is not None:
        parts.append(f"Fleiss' kappa of people {kappa:.2f}")
    parts += [f"{told[what]} wait ({how})" for what, how in _WAITING.items() if told[what]]
    return "; ".join(parts)


def _write(file: Path, figures: Answer) -> None:
    from tdcrawl.report.page import render  # noqa: PLC0415 - drawing takes a second to load, for this command alone

    try:
        file.write_text(render(figures), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror}") from error
