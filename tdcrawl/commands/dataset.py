"""`scrapy dataset freeze|list|show|verify|export|dedup`: versions of the training data that never change."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands import _dedup
from tdcrawl.commands._arguments import folder, names, percentages, share
from tdcrawl.datasets import listing
from tdcrawl.datasets.card import balance_in_words
from tdcrawl.datasets.plan import DEFAULT_MAX_SHARE, FORMATS, Balance, FreezePlan
from tdcrawl.datasets.verify import verify_version
from tdcrawl.datasets.version import export, freeze
from tdcrawl.errors import PlanError
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.records import RECORD_TYPES

_WIDEST = 10_000


@dataclass(frozen=True)
class Action:
    """Hold one sub-command: its options, how it finds its answer, how the answer looks, and how it is written."""

    description: str
    add_options: Callable[[argparse.ArgumentParser], object]
    answer: Callable[["Command", argparse.Namespace], Answer]
    show: Callable[[Console, Answer], None]
    syntax: str = "[options]"


class Command(TdcrawlCommand):
    """Freeze, list, show, verify and export dataset versions; sort out copies among files."""

    _action: Action

    def syntax(self) -> str:
        """Name the sub-commands."""
        return "freeze|list|show|verify|export|reindex|dedup [vN | INPUT…] [options]"

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Freeze the records as a version that never changes; list, show, verify and export versions; dedup files"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Give each sub-command its own options and Scrapy's, which follow its name."""
        actions = parser.add_subparsers(metavar="ACTION", required=True, prog="scrapy dataset")
        for name, action in _ACTIONS.items():
            usage = f"scrapy dataset {name} {action.syntax}"
            about = action.description
            sub_parser = actions.add_parser(name, usage=usage, help=about, description=about)
            super().add_options(sub_parser)
            action.add_options(sub_parser)
            sub_parser.set_defaults(action=action)

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Do what the sub-command says."""
        self._action = opts.action
        return self._action.answer(self, opts)

    def show(self, console: Console, answer: Answer) -> None:
        """Print what the sub-command found."""
        self._action.show(console, answer)


def _freeze(command: Command, opts: argparse.Namespace) -> Answer:
    if opts.balance == Balance.NONE and opts.max_share is not None:
        raise PlanError("--max-share says how far to undersample: leave it out with --balance none")
    share = DEFAULT_MAX_SHARE if opts.max_share is None else opts.max_share
    plan = FreezePlan(opts.version, opts.type, Balance(opts.balance), share, opts.split, opts.format)
    usual = command.data_dir / "datasets"
    return asdict(freeze(command.engine, plan, opts.to or usual, named=opts.to is not None))


def _list(command: Command, _opts: argparse.Namespace) -> Answer:
    return {"versions": listing.all_versions(command.engine)}


def _describe(command: Command, opts: argparse.Namespace) -> Answer:
    return listing.one_version(command.engine, opts.version)


def _verify(command: Command, opts: argparse.Namespace) -> Answer:
    problems = verify_version(command.engine, opts.version, opts.at and opts.at / opts.version)
    command.exitcode = 1 if problems else 0
    return {"version": opts.version, "intact": not problems, "problems": problems}


def _export(command: Command, opts: argparse.Namespace) -> Answer:
    return asdict(export(command.engine, opts.version, opts.to))


def _reindex(command: Command, opts: argparse.Namespace) -> Answer:
    from tdcrawl.dedup.sameness import reindex  # noqa: PLC0415 - Scrapy imports this file for every command

    return {"record_type": opts.type, "records": reindex(command.engine, RECORD_TYPES[opts.type], label_by_rule)}


def _freeze_options(parser: argparse.ArgumentParser) -> None:
    _version_option(parser)
    _type_option(parser)
    ways = [balance.value for balance in Balance]
    parser.add_argument("--balance", choices=ways, default=Balance.UNDERSAMPLE.value, help="of the training split")
    parser.add_argument(
        "--max-share", type=share, metavar="SHARE", help="of any label, in the training split (default: 0.6)"
    )
    parser.add_argument("--split", type=percentages, default=(80, 10, 10), metavar="80/10/10", help="in percent")
    parser.add_argument(
        "--format", type=names, default=("parquet",), metavar=",".join(FORMATS), help="Parquet is always written"
    )
    parser.add_argument("--to", type=folder, metavar="DIR", help="write DIR/vN (default: TDCRAWL_DATA_DIR/datasets)")


def _type_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--type", choices=sorted(RECORD_TYPES), default="review", help="record type (default: review)")


def _version_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", metavar="vN", help="v1, v2, …")


def _verify_options(parser: argparse.ArgumentParser) -> None:
    _version_option(parser)
    parser.add_argument("--at", type=folder, metavar="DIR", help="look at the copy DIR/vN instead")


def _export_options(parser: argparse.ArgumentParser) -> None:
    _version_option(parser)
    parser.add_argument("--to", type=folder, metavar="DIR", required=True, help="write DIR/vN")


def _show_frozen(console: Console, answer: Answer) -> None:
    console.print(_count_table(answer["counts"]))
    console.print(f"balance: {balance_in_words(answer['parameters'])}", markup=False)
    console.print(f"[green]✓[/] {answer['version']}: {answer['rows']} rows in {answer['location']}")


def _show_list(console: Console, answer: Answer) -> None:
    table = Table("version", "type", _number("rows"), "frozen at", "parent", "location", box=None)
    for version in answer["versions"]:
        table.add_row(*(str(version[key] or "-") for key in version))
    # A terminal breaks a line that is too long for it; rich would cut times and places off.
    console.width = max(console.width, _WIDEST)
    console.print(table if answer["versions"] else "no version was frozen yet (scrapy dataset freeze v1)")


def _show_version(console: Console, answer: Answer) -> None:
    for key in ("version", "record_type", "rows", "created_at", "parent_version", "location", "code_version", "writer"):
        console.print(f"{key}: {answer[key]}", markup=False)
    console.print(f"parameters: {answer['parameters']}", markup=False)
    console.print(_count_table(answer["counts"]))


def _show_verified(console: Console, answer: Answer) -> None:
    for problem in answer["problems"]:
        console.print(f"✗ {problem}", markup=False)
    if answer["intact"]:
        console.print(f"[green]✓[/] {answer['version']} is what was frozen")


def _show_reindexed(console: Console, answer: Answer) -> None:
    console.print(f"[green]✓[/] {answer['records']} {answer['record_type']} records are in the index anew")


def _count_table(counts: Mapping[str, Any]) -> Table:
    """Lay out how frequent each label of each split was before the balancing and is after it."""
    table = Table("split", "label", _number("before"), _number("after"), _number("share"), box=None)
    for split, labels in counts.items():
        rows = sum(count["after"] for count in labels.values()) or 1
        for label, count in labels.items():
            table.add_row(split, label, str(count["before"]), str(count["after"]), f"{count['after'] / rows:.1%}")
    return table


def _number(name: str) -> Column:
    return Column(name, justify="right")


_ACTIONS = {
    "freeze": Action("freeze the records as version vN", _freeze_options, _freeze, _show_frozen, "vN [options]"),
    "list": Action("list the frozen versions", lambda _: None, _list, _show_list),
    "show": Action("tell all about version vN", _version_option, _describe, _show_version, "vN [options]"),
    "verify": Action("tell whether vN is what was frozen", _verify_options, _verify, _show_verified, "vN [options]"),
    "reindex": Action("make the near-duplicate index anew", _type_option, _reindex, _show_reindexed),
    "export": Action(
        "write the files of vN once more", _export_options, _export, _show_frozen, "vN --to DIR [options]"
    ),
    "dedup": Action(
        "keep one of each text in Parquet files",
        _dedup.add_options,
        _dedup.answer,
        _dedup.show,
        "INPUT… --to DIR [options]",
    ),
}
