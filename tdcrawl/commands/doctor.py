"""`scrapy doctor`: what is on, what is off, and the line that turns it on."""

import argparse
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from tdcrawl.checkup import examine
from tdcrawl.command import Answer, TdcrawlCommand

_SIGNS = {"ok": "[green]✓[/]", "off": "[yellow]–[/]", "broken": "[red]✗[/]"}


class Command(TdcrawlCommand):
    """Examine the installation; exit status 1 where a part that a crawl needs is broken."""

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Say what is on, what is off, and the line that turns it on"

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Look at each part."""
        findings = [asdict(finding) for finding in examine(self.project_settings)]
        self.exitcode = int(any(finding["state"] == "broken" for finding in findings))
        return {"healthy": not self.exitcode, "findings": findings}

    def show(self, console: Console, answer: Answer) -> None:
        """Print a line for each part, and below it what changes it."""
        for finding in answer["findings"]:
            console.print(f"{_SIGNS[finding['state']]} {finding['part']}: {escape(finding['detail'])}")
            if finding["remedy"]:
                console.print(f"    {escape(finding['remedy'])}")
