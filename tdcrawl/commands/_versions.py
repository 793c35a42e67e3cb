"""`scrapy dataset list`, `show` and `verify`: what versions there are, and whether one is what was frozen."""

import argparse

from rich.console import Console
from rich.table import Column, Table

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands._actions import Action
from tdcrawl.commands._arguments import place, version_option
from tdcrawl.commands._freeze import show_counts

_WIDEST = 10_000


def _list(command: TdcrawlCommand, _opts: argparse.Namespace) -> Answer:
    from tdcrawl.datasets import listing  # noqa: PLC0415 - Scrapy imports this file for every command

    return {"versions": listing.all_versions(command.engine)}


def _show_list(console: Console, answer: Answer) -> None:
    rows = Column("rows", justify="right")
    table = Table("version", "type", rows, "frozen at", "parent", "location", "errata", box=None)
    for version in answer["versions"]:
        table.add_row(*(str(version[key] or "-") for key in version))
    # A terminal breaks a line that is too long for it; rich would cut times and places off.
    console.width = max(console.width, _WIDEST)
    console.print(table if answer["versions"] else "no version was frozen yet (scrapy dataset freeze v1)")


def _describe(command: TdcrawlCommand, opts: argparse.Namespace) -> Answer:
    from tdcrawl.datasets import listing  # noqa: PLC0415 - see above

    return listing.one_version(command.engine, opts.version)


def _show_version(console: Console, answer: Answer) -> None:
    for key in ("version", "record_type", "rows", "created_at", "parent_version", "location", "code_version", "writer"):
        console.print(f"{key}: {answer[key]}", markup=False)
    console.print(f"parameters: {answer['parameters']}", markup=False)
    for erratum in answer["errata"]:
        taken, before = erratum["removed_rows"], erratum["manifest_sha256_before"]
        console.print(f"erratum {erratum['number']}: {taken} rows taken out; the manifest before was {before}")
    show_counts(console, answer)


def _verify_options(parser: argparse.ArgumentParser) -> None:
    version_option(parser)
    parser.add_argument("--at", type=place, metavar="URI", help="look at the copy URI/vN instead")


def _verify(command: TdcrawlCommand, opts: argparse.Namespace) -> Answer:
    from tdcrawl.datasets.verify import verify_version  # noqa: PLC0415 - see above

    problems = verify_version(command.engine, opts.version, opts.at and opts.at / opts.version)
    command.exitcode = 1 if problems else 0
    return {"version": opts.version, "intact": not problems, "problems": problems}


def _show_verified(console: Console, answer: Answer) -> None:
    for problem in answer["problems"]:
        console.print(f"✗ {problem}", markup=False)
    if answer["intact"]:
        console.print(f"[green]✓[/] {answer['version']} is what was frozen")


LIST = Action("list the frozen versions", lambda _: None, _list, _show_list)
SHOW = Action("tell all about version vN", version_option, _describe, _show_version, "vN [options]")
VERIFY = Action("tell whether vN is what was frozen", _verify_options, _verify, _show_verified, "vN [options]")
