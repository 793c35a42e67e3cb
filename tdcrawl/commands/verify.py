"""`scrapy verify`: does the ledger balance, and is everything frozen as it was frozen?"""

import argparse

from rich.console import Console

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.reporting import print_ledger
from tdcrawl.store.verify import LedgerCheck, check_ledger
from tdcrawl.store.versions import versions


class Command(TdcrawlCommand):
    """Check the ledger's identity and the stored digests; exit status 1 where something is broken."""

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Check that every item and page is accounted for, and that frozen versions are unchanged"

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Check the ledger, then each frozen version."""
        from tdcrawl.datasets.verify import verify_version  # noqa: PLC0415 - Scrapy imports this file for every command

        check = check_ledger(self.engine)
        with self.engine.connect() as connection:
            names = [version.name for version in versions(connection)]
        frozen = {name: verify_version(self.engine, name) for name in names}
        self.exitcode = int(not check.balanced or any(frozen.values()))
        return {
            "balanced": check.balanced,
            "items": check.items,
            "pages": check.pages,
            "seen_again": check.seen_again,
            "problems": check.problems,
            "datasets": frozen,
        }

    def show(self, console: Console, answer: Answer) -> None:
        """Print both sides of the identity, and what is wrong."""
        print_ledger(console, LedgerCheck(answer["items"], answer["pages"], answer["seen_again"], answer["problems"]))
        for name, problems in answer["datasets"].items():
            console.print(f"[green]✓ {name} is as it was frozen[/]" if not problems else f"[red]✗ {name}[/]")
            for problem in problems:
                console.print(f"  {problem}")
