"""`scrapy dataset reindex`: the near-duplicate index made anew from the records."""

import argparse

from rich.console import Console

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands._actions import Action
from tdcrawl.commands._arguments import type_option
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.records import RECORD_TYPES


def _answer(command: TdcrawlCommand, opts: argparse.Namespace) -> Answer:
    from tdcrawl.dedup.sameness import reindex  # noqa: PLC0415 - Scrapy imports this file for every command

    return {"record_type": opts.type, "records": reindex(command.engine, RECORD_TYPES[opts.type], label_by_rule)}


def _show(console: Console, answer: Answer) -> None:
    console.print(f"[green]✓[/] {answer['records']} {answer['record_type']} records are in the index anew")


REINDEX = Action("make the near-duplicate index anew", type_option, _answer, _show)
