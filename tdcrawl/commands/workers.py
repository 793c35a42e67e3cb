"""`scrapy workers`: which processes read which hosts, for which run."""

import argparse

from rich.console import Console
from rich.table import Table

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.store.overview import at_work


class Command(TdcrawlCommand):
    """List the processes that are reading sites into this database."""

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Show which processes read which hosts, for which run"

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Find the workers that are alive."""
        return {"workers": at_work(self.engine)}

    def show(self, console: Console, answer: Answer) -> None:
        """Print a line for each worker."""
        if not answer["workers"]:
            console.print("Nobody is crawling into this database.")
            return
        table = Table("site", "run", "process", "machine", "since", "pages in hand", "read", "hosts", box=None)
        for worker in answer["workers"]:
            since, hosts = worker["started_at"][:16], ", ".join(worker["hosts"])
            numbers = (str(worker[name]) for name in ("pages_in_hand", "pages_read"))
            table.add_row(
                worker["site"], worker["run"], str(worker["process"]), worker["machine"], since, *numbers, hosts
            )
        console.print(table)
