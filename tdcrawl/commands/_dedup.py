"""`scrapy dataset dedup`: its options, its engine, and how its answer looks."""

import argparse
from pathlib import Path

from rich.console import Console

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands._actions import Action
from tdcrawl.datasets.engines import ENGINES, choose


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", type=Path, nargs="+", metavar="INPUT", help="Parquet files, or folders of them")
    parser.add_argument("--to", type=Path, metavar="DIR", required=True, help="write this folder, which must be new")
    parser.add_argument("--engine", choices=ENGINES, default="local", help="what compares (default: local)")
    parser.add_argument("--threshold", type=_similarity, default=0.8, metavar="JACCARD", help="0.5 to 1 (default: 0.8)")
    parser.add_argument("--against", type=Path, nargs="+", metavar="OTHER", help="remove what these files have too")
    parser.add_argument("--strict", action="store_true", help="remove what contrasts with OTHER as well")


def _answer(command: TdcrawlCommand, opts: argparse.Namespace) -> Answer:
    from tdcrawl.datasets.corpus import Job, open_corpus  # noqa: PLC0415 - Scrapy imports this file for every command
    from tdcrawl.datasets.dedup import dedup  # noqa: PLC0415

    engine = choose(opts.engine, command.project_settings["TDCRAWL_RAY_ADDRESS"])
    other = open_corpus(opts.against) if opts.against else None
    job = Job(open_corpus(opts.inputs), other, opts.threshold, opts.strict)
    return {"engine": opts.engine, "threshold": opts.threshold, **dedup(job, opts.to, engine)}


def _show(console: Console, answer: Answer) -> None:
    for reason, count in answer["removed"].items():
        console.print(f"{count} removed: {reason} of a text of --against")
    for reason, count in answer["duplicates"].items():
        console.print(f"{count} demoted: {reason}")
    console.print(f"{answer['contrast_pairs']} pairs are alike and say the opposite: both are kept")
    if answer["contrasts_spared"]:
        console.print(f"{answer['contrasts_spared']} contrast with a text of --against and stay; --strict removes them")
    console.print(f"[green]✓[/] kept {answer['kept']} of {answer['rows']} rows in {answer['location']}")


def _similarity(value: str) -> float:
    similarity = float(value)
    if not 0.5 <= similarity <= 1:
        raise ValueError(value)
    return similarity


DEDUP = Action("keep one of each text in Parquet files", _options, _answer, _show, "INPUT… --to DIR [options]")
