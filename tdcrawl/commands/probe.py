"""`scrapy probe URL…`: what a page holds, and what a site file would have to say to get it."""

import argparse
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.sites.loading import load_profile


class Command(TdcrawlCommand):
    """Read single pages, written down nowhere; exit status 1 where one cannot be fetched."""

    def syntax(self) -> str:
        """Name the arguments."""
        return "URL… [--site F] [--json]"

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Read pages and show what each reader finds in them, field by field, declared against found"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Take pages, and the site file to read them by."""
        super().add_options(parser)
        parser.add_argument("urls", nargs="+", metavar="URL", help="an http(s) address, or a saved .html file")
        parser.add_argument("--site", metavar="F", help="read as this site file says: a bundled name, or a .toml file")

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Get the pages and read each; raises SiteError or SettingError."""
        # Scrapy imports this file for every command, and none should wait for the readers.
        from tdcrawl.fetching import get_pages  # noqa: PLC0415
        from tdcrawl.probing.probe import describe  # noqa: PLC0415

        profile = load_profile(opts.site) if opts.site else None
        got = get_pages(opts.urls, self.project_settings, profile)
        pages = [describe(url, page, profile) for url, page in got.items()]
        self.exitcode = int(any(page["error"] for page in pages))
        return {"pages": pages}

    def show(self, console: Console, answer: Answer) -> None:
        """Print a few lines for each page."""
        for page in answer["pages"]:
            console.print(f"\n[bold]{escape(page['url'])}[/]")
            if page["error"]:
                console.print(f"[red]✗[/] {page['error']['reason']}: {escape(page['error']['detail'])}")
            else:
                _show(console, page)


def _show(console: Console, page: dict[str, Any]) -> None:
    for name, said in _facts(page):
        console.print(f"{name:>11}  {escape(said)}")
    if page["records"]:
        table = Table("field", Column("share", justify="right"), "for example", box=None)
        for name, share in ((name, share) for name, share in page["fields"].items() if share):
            sample = next((sample[name] for sample in page["samples"] if name in sample), "")
            table.add_row(escape(name), f"{share:.0%}", escape(sample))
        console.print(table)


def _facts(page: dict[str, Any]) -> Iterator[tuple[str, str]]:
    said = "declares no number" if page["declared"] is None else f"{page['declared']} declared"
    why = f" ({page['difference']})" if page["difference"] else ""
    yield "found", f"{page['records']} records, {page['records_with_text']} with text; {said}{why}"
    yield "read by", ", ".join(page["read_by"]) or "none"
    yield "readers", ", ".join(f"{number} {name}" for name, number in page["readers"].items())
    if page["records"]:
        bad = ", ".join(f"{number} {reason}" for reason, number in page["reasons"].items())
        yield "believable", f"{page['believable']}{f'; else {bad}' if bad else ''}"
    yield "scale", page["scale"] or "not said"
    for name in ("next", "products"):
        lead = page[name]
        yield name, f'{name} = "{lead["selector"]}" ({lead["links"]} links)' if lead else "no link found"
    if page["load_more"]:
        yield "by script", f"what {', '.join(map(repr, page['load_more']))} loads has no address to follow"
    yield "robots.txt", page["robots"]
    for name in ("opt_outs", "needs", "problems"):
        if page[name]:
            yield name.replace("_", "-"), "; ".join(page[name])
