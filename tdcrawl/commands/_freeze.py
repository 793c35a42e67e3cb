"""`scrapy dataset freeze` and `export`: their options, and how what they wrote looks."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from tdcrawl.balance.resample import Balance
from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands._actions import Action
from tdcrawl.commands._arguments import names, percentages, place, share, type_option, version_option
from tdcrawl.commands._bar import bar
from tdcrawl.datasets.card import balance_in_words
from tdcrawl.datasets.engines import ENGINES, choose_freezing
from tdcrawl.datasets.loading import loading_lines
from tdcrawl.datasets.plan import (
    DEFAULT_MAX_FAILED_SHARE,
    DEFAULT_MAX_SHARE,
    DEFAULT_SALT,
    FORMATS,
    LABEL,
    Authors,
    FreezePlan,
    Objection,
)
from tdcrawl.datasets.split import TRAIN
from tdcrawl.errors import PlanError
from tdcrawl.setting_values import read_similarity


def _freeze_options(parser: argparse.ArgumentParser) -> None:
    version_option(parser)
    type_option(parser)
    add = parser.add_argument
    ways = [balance.value for balance in Balance]
    add("--balance", choices=ways, default=Balance.UNDERSAMPLE.value, help="of the training split")
    add("--balance-by", metavar="COLUMN", help="whose values are balanced (default: label)")
    add("--max-share", type=share, metavar="SHARE", help="of any value, in the training split (default: 0.6)")
    add("--split", type=percentages, default=(80, 10, 10), metavar="80/10/10", help="in percent")
    add(
        "--authors",
        choices=[way.value for way in Authors],
        default="auto",
        help="keep each in one split (auto: if possible)",
    )
    add("--salt", default=DEFAULT_SALT, help="decides who goes where: keep it from version to version")
    add("--seed", default=DEFAULT_SALT, help="decides who is drawn where something is too frequent")
    add("--format", type=names, default=("parquet",), metavar=",".join(FORMATS), help="Parquet is always written")
    add("--max-failed-share", type=share, default=DEFAULT_MAX_FAILED_SHARE, metavar="SHARE", help="(default: 0.25)")
    known = ",".join(objection.value for objection in Objection)
    add("--accept", type=names, default=(), metavar="NAME,…", help=f"freeze in spite of: {known}")
    add("--to", type=place, metavar="URI", help="write URI/vN (default: TDCRAWL_DATA_DIR/datasets)")
    add("--engine", choices=ENGINES, default="local", help="who works on the records (default: local)")


def _freeze(command: TdcrawlCommand, opts: argparse.Namespace) -> Answer:
    from tdcrawl.datasets.version import freeze  # noqa: PLC0415 - Scrapy imports this file for every command

    if opts.balance == Balance.NONE and (opts.max_share is not None or opts.balance_by is not None):
        raise PlanError("--max-share and --balance-by say how to balance: leave them out with --balance none")
    plan = FreezePlan(
        opts.version,
        opts.type,
        balance=Balance(opts.balance),
        balance_by=opts.balance_by or LABEL,
        max_share=DEFAULT_MAX_SHARE if opts.max_share is None else opts.max_share,
        split=opts.split,
        authors=Authors(opts.authors),
        formats=opts.format,
        salt=opts.salt,
        seed=opts.seed,
        near_duplicate_threshold=read_similarity(command.project_settings),
        max_failed_share=opts.max_failed_share,
        accept=opts.accept,
    )
    by = choose_freezing(opts.engine, command.project_settings["TDCRAWL_RAY_ADDRESS"])
    usual = command.data_dir / "datasets"
    with bar(opts) as tell:
        frozen = freeze(command.engine, plan, opts.to or usual, by, named=opts.to is not None, tell=tell)
    return asdict(frozen)


def _export_options(parser: argparse.ArgumentParser) -> None:
    version_option(parser)
    parser.add_argument("--to", type=place, metavar="URI", required=True, help="write URI/vN")


def _export(command: TdcrawlCommand, opts: argparse.Namespace) -> Answer:
    from tdcrawl.datasets.version import export  # noqa: PLC0415 - Scrapy imports this file for every command

    with bar(opts) as tell:
        return asdict(export(command.engine, opts.version, opts.to, tell=tell))


def _show(console: Console, answer: Answer) -> None:
    from tdcrawl.store.places import find  # noqa: PLC0415 - see above

    show_counts(console, answer)
    console.print(f"balance: {balance_in_words(answer['parameters'])}", markup=False)
    for site, reasons in answer["left_out"].items():
        for why, number in reasons.items():
            console.print(f"left out: {number} records of {site}, which has opted out since ({why})", markup=False)
    console.print(f"[green]✓[/] {answer['version']}: {answer['rows']} rows in {escape(answer['location'])}. Load it:")
    console.print(loading_lines(find(answer["location"])), markup=False)


def show_counts(console: Console, answer: Answer) -> None:
    """Print how frequent each label of each split was before the balancing and is after it, and what was balanced.

    The second table only where it is not the labels of all training rows.
    """
    table = Table("split", "label", _number("before"), _number("after"), _number("share"), box=None)
    for split, labels in answer["counts"].items():
        _add_counts(table, labels, split)
    console.print(table)
    if answer["balanced"] != answer["counts"][TRAIN]:
        by = answer["parameters"]["balance_by"]
        table = Table(f"{TRAIN} by {by}", _number("before"), _number("after"), _number("share"), box=None)
        _add_counts(table, answer["balanced"])
        console.print(table)


def _add_counts(table: Table, counts: Mapping[str, Any], *before: str) -> None:
    rows = sum(count["after"] for count in counts.values()) or 1
    for name, count in counts.items():
        table.add_row(*before, name, f"{count['before']:g}", f"{count['after']:g}", f"{count['after'] / rows:.1%}")


def _number(name: str) -> Column:
    return Column(name, justify="right")


FREEZE = Action("freeze the records as version vN", _freeze_options, _freeze, _show, "vN [options]")
EXPORT = Action("write the files of vN once more", _export_options, _export, _show, "vN --to URI [options]")
