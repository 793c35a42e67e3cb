"""`scrapy dataset promote`: surplus that there are seats for now, without a new crawl."""

import argparse

from rich.console import Console

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands._actions import Action
from tdcrawl.commands._arguments import type_option
from tdcrawl.outcomes import Bucket
from tdcrawl.records import RECORD_TYPES
from tdcrawl.store.promoting import promote_all
from tdcrawl.store.rows import command_run


def _answer(command: TdcrawlCommand, opts: argparse.Namespace) -> Answer:
    from tdcrawl.measures import open_terms  # noqa: PLC0415 - Scrapy imports this file for every command

    terms = open_terms(command.engine, command.project_settings, RECORD_TYPES[opts.type])
    ends = promote_all(command.engine, terms, command_run("promote", opts.type))
    return {"record_type": opts.type, "ends": {bucket.value: ends[bucket] for bucket in Bucket if ends[bucket]}}


def _show(console: Console, answer: Answer) -> None:
    ends = ", ".join(f"{number} {bucket}" for bucket, number in answer["ends"].items())
    console.print(f"{answer['record_type']} surplus is now: {ends}" if ends else "there is no surplus")


PROMOTE = Action("make records of surplus that TDCRAWL_QUOTA has seats for now", type_option, _answer, _show)
