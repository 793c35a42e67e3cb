"""`scrapy dataset diff`: what is different between two versions, row by row."""

import argparse
from dataclasses import asdict

from rich.console import Console
from rich.table import Column, Table

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands._actions import Action
from tdcrawl.commands._arguments import folder

_FILE = "diff.parquet"


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", metavar="vA", help="v1, v2, …")
    parser.add_argument("after", metavar="vB", help="v1, v2, …")
    parser.add_argument("--to", type=folder, metavar="DIR", help=f"write DIR/vA-vB/{_FILE}, a row for each difference")


def _answer(command: TdcrawlCommand, opts: argparse.Namespace) -> Answer:
    from tdcrawl.datasets.diff import compare  # noqa: PLC0415 - Scrapy imports this file for every command

    return asdict(compare(command.engine, opts.before, opts.after, opts.to))


def _show(console: Console, answer: Answer) -> None:
    table = Table("rows", Column("number", justify="right"), box=None)
    table.add_row(f"in {answer['before']}", str(answer["rows_before"]))
    for change, number in answer["counts"].items():
        table.add_row(change.replace("_", " "), str(number))
    table.add_row("unchanged", str(answer["unchanged"]))
    table.add_row(f"in {answer['after']}", str(answer["rows_after"]))
    console.print(table)
    for labels, number in answer["relabelled"].items():
        console.print(f"{number} relabelled: {labels}", markup=False)
    if answer["location"]:
        console.print(f"[green]✓[/] each difference is in {answer['location']}/{_FILE}")


DIFF = Action("tell what is different between vA and vB", _options, _answer, _show, "vA vB [options]")
