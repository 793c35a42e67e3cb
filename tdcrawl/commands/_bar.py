"""Shows on a terminal how far a command has come."""

import argparse
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tdcrawl.store.telling import Tell, silent


@contextmanager
def bar(opts: argparse.Namespace, console: Console | None = None) -> Generator[Tell]:
    """Draw a bar for each thing that is counted, on the standard error stream; none elsewhere, and none for --json."""
    console = console or Console(stderr=True)
    if opts.json or not console.is_terminal:
        yield silent
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {}

        def tell(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of)
            progress.update(tasks[what], completed=done, total=of)

        yield tell
