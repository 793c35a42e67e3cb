"""`scrapy review`: the page on which people answer what neither rule nor model could."""

import argparse
import sys
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from tdcrawl import __version__
from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.records import RECORD_TYPES
from tdcrawl.store.rows import Run
from tdcrawl.store.terms import Terms

if TYPE_CHECKING:
    from tdcrawl.review.queue import Queue


class Command(TdcrawlCommand):
    """Serve the review page, or exchange tasks and answers with Label Studio."""

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Serve the page on which people label what neither rule nor model could"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Take an address to serve at, or a file to exchange."""
        super().add_options(parser)
        parser.add_argument("--host", default="127.0.0.1", help="listen at this address (default: 127.0.0.1)")
        parser.add_argument("--port", type=_port, default=8080, help="and at this port (default: 8080)")
        files = parser.add_mutually_exclusive_group()
        files.add_argument("--export", type=Path, metavar="FILE", help="write the tasks as Label Studio reads them")
        files.add_argument("--import", dest="file", type=Path, metavar="FILE", help="take answers from Label Studio")

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Serve until told to end, or exchange a file; raises TdcrawlError."""
        from tdcrawl.review import label_studio  # noqa: PLC0415 - Scrapy imports this file for every command

        if opts.export:
            return {"exported": label_studio.write(self.engine, opts.export), "file": str(opts.export)}
        if opts.file:
            return label_studio.read(self._queue(), opts.file) | {"file": str(opts.file)}
        return self._serve(opts.host, opts.port)

    def show(self, console: Console, answer: Answer) -> None:
        """Print what was done."""
        for what, number in answer.items():
            console.print(f"{what}: {number}", markup=False)

    def _serve(self, host: str, port: int) -> Answer:
        from tdcrawl.review import serving  # noqa: PLC0415
        from tdcrawl.store.review_figures import progress  # noqa: PLC0415

        door = serving.open_door(host, port, self.data_dir)
        queue = self._queue()
        for reviewer, link in serving.links(door, host, self.data_dir).items():
            print(f"{reviewer}: {link}", file=sys.stderr, flush=True)
        serving.serve(door, host, queue, self.data_dir)
        return {state: number for state, number in progress(self.engine, "").items() if state != "mine"}

    def _queue(self) -> "Queue":
        from tdcrawl.measures import open_terms  # noqa: PLC0415
        from tdcrawl.review.queue import ASKABLE, Queue  # noqa: PLC0415
        from tdcrawl.store.review_figures import open_types  # noqa: PLC0415

        @cache
        def terms_of(record_type: str) -> Terms:
            return open_terms(self.engine, self.project_settings, RECORD_TYPES[record_type])

        # Now, and not while somebody waits for the answer to be taken.
        for record_type in open_types(self.engine).intersection(ASKABLE):
            terms_of(record_type)
        now = datetime.now(UTC)
        run_id = f"review-{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        return Queue(self.engine, Run(run_id, "review", "", "", __version__, now), terms_of)


def _port(digits: str) -> int:
    port = int(digits)
    if not 0 <= port <= 65535:
        raise ValueError(digits)
    return port
