"""What a sub-command of `scrapy dataset` is made of."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from tdcrawl.command import Answer, TdcrawlCommand


@dataclass(frozen=True)
class Action:
    """Hold one sub-command: its options, how it finds its answer, how the answer looks, and how it is written."""

    description: str
    add_options: Callable[[argparse.ArgumentParser], object]
    answer: Callable[[TdcrawlCommand, argparse.Namespace], Answer]
    show: Callable[[Console, Answer], None]
    syntax: str = "[options]"
