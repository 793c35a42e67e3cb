"""`scrapy dataset freeze|list|show|verify|diff|export|…`: versions of the training data that never change."""

import argparse

from rich.console import Console

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands._actions import Action
from tdcrawl.commands._dedup import DEDUP
from tdcrawl.commands._diff import DIFF
from tdcrawl.commands._erase import ERASE
from tdcrawl.commands._freeze import EXPORT, FREEZE
from tdcrawl.commands._promote import PROMOTE
from tdcrawl.commands._reindex import REINDEX
from tdcrawl.commands._versions import LIST, SHOW, VERIFY

_ACTIONS = {
    "freeze": FREEZE,
    "list": LIST,
    "show": SHOW,
    "verify": VERIFY,
    "diff": DIFF,
    "export": EXPORT,
    "promote": PROMOTE,
    "reindex": REINDEX,
    "dedup": DEDUP,
    "erase": ERASE,
}


class Command(TdcrawlCommand):
    """Freeze, list, show, verify, compare and export dataset versions; sort out copies among files; erase."""

    _action: Action

    def syntax(self) -> str:
        """Name the sub-commands."""
        return f"{'|'.join(_ACTIONS)} [vN | INPUT…] [options]"

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Freeze the records as a version that never changes; verify, compare, export versions; erase; dedup"

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
