"""`scrapy label`: asks for the labels of what waits for one, within a budget."""

import argparse
import asyncio
from pathlib import Path

from rich.console import Console

from tdcrawl.asking import BUDGET, has_budget, open_model, read_budget
from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands import _label_quality
from tdcrawl.errors import SettingError, StoreError
from tdcrawl.labeling.estimate import estimate
from tdcrawl.labeling.llm import UnavailableError
from tdcrawl.labeling.money import price_of
from tdcrawl.labeling.prompt import shown_text
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import RecordType
from tdcrawl.store.votes import taken
from tdcrawl.store.waiting import count_for_model, count_tasks, for_model

_ASKED = [name for name, kind in RECORD_TYPES.items() if kind.question]
_MODES = ("inline", "batch")


class Command(TdcrawlCommand):
    """Label what waits: at once, or by batches that a later call collects."""

    def syntax(self) -> str:
        """Name the options."""
        return "[--mode inline|batch] [--estimate] [--budget USD] | gold FILE.csv | quality"

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Label what waits for a label: two votes, a third where they disagree, within a budget"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Take how to ask, and what it may cost."""
        super().add_options(parser)
        what = "compare with texts whose labels are known, or with what people said; else label what waits"
        parser.add_argument("action", nargs="?", choices=("gold", "quality"), help=what)
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE.csv", help="gold: columns text and label")
        parser.add_argument("--type", choices=_ASKED, default=_ASKED[0], help="gold: the record type of the texts")
        parser.add_argument("--mode", choices=_MODES, default="inline", help="at once, or at half the price")
        parser.add_argument("--estimate", action="store_true", help="say what it would cost, and ask nobody")
        parser.add_argument("--budget", metavar="USD", help=f"what this call may spend (else {BUDGET})")

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Label, or estimate; raises SettingError or StoreError."""
        if opts.action == "quality":
            return _label_quality.quality(self)
        kinds = [RECORD_TYPES[name] for name in count_for_model(self.engine)]
        if opts.estimate:
            return {"estimate": [self._estimate(kind) for kind in kinds]}
        if opts.budget is not None:
            self.project_settings.set(BUDGET, opts.budget, priority="cmdline")
        if not has_budget(self.project_settings):
            raise SettingError(f"nothing is spent without a budget: give --budget USD, or set {BUDGET}")
        read_budget(self.project_settings)
        if opts.action == "gold":
            return _label_quality.gold(self, opts.file, RECORD_TYPES[opts.type])
        told = [self._label(kind, opts.mode) for kind in kinds]
        return {"labelled": told, "waiting": count_for_model(self.engine), "review_tasks": count_tasks(self.engine)}

    def show(self, console: Console, answer: Answer) -> None:
        """Print what it would cost, or what came of it."""
        _label_quality.show(console, answer)
        for price in answer.get("estimate", []):
            console.print(
                f"{price['records']} {price['record_type']} records wait: about {price['calls']} calls, "
                f"{price['usd_inline']:.4f} USD at once or {price['usd_batch']:.4f} USD by batch"
            )
        for told in answer.get("labelled", []):
            ends = ", ".join(f"{number} {bucket}" for bucket, number in told["ends"].items()) or "nothing decided yet"
            took = ", ".join(f"{number:.4g} {what}" for what, number in told["figures"].items()) or "nothing asked"
            console.print(f"{told['record_type']}: {ends}; {took}")
        for kind, number in answer.get("waiting", {}).items():
            console.print(f"{number} {kind} records wait on: call it again with more money, or to collect batches")
        if not any(answer.values()):
            console.print("nothing waits for a label")
        if answer.get("review_tasks"):
            console.print(f"{answer['review_tasks']} tasks wait for people: scrapy review")

    def _estimate(self, kind: RecordType) -> Answer:
        settings = self.project_settings
        price = price_of(settings["TDCRAWL_LABEL_MODEL"], settings["TDCRAWL_LABEL_PRICE"])
        texts = (shown_text(kind, kind.stored(row["data"])) for row in for_model(self.engine, kind.name))
        return estimate(kind, texts, price, taken(self.engine))

    def _label(self, kind: RecordType, mode: str) -> Answer:
        # Scrapy imports this file for every command, and these take their time.
        from tdcrawl.backlog import label_inline, open_backlog  # noqa: PLC0415
        from tdcrawl.by_batch import label_by_batch  # noqa: PLC0415

        async def label() -> None:
            model = open_model(self.project_settings)
            try:
                await (label_inline if mode == "inline" else label_by_batch)(backlog, model)
            finally:
                await model.close()

        with open_backlog(self.project_settings, self.engine, kind) as backlog:
            try:
                asyncio.run(label())
            except UnavailableError as error:
                what = "the labelling service does not answer now"
                raise StoreError(f"{what}: {error}; what waits goes on waiting") from error
        return {"record_type": kind.name, "ends": dict(backlog.ends), "figures": backlog.figures}
