"""`scrapy label`: asks for the labels of what waits for one, within a budget."""

import argparse
from pathlib import Path

from rich.console import Console

from tdcrawl.asking import BUDGET, has_budget, read_budget
from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands import _label_errors, _label_quality, _relabel
from tdcrawl.commands._arguments import number_of
from tdcrawl.commands._taking_up import MODES, take_up
from tdcrawl.errors import SettingError
from tdcrawl.labeling.estimate import estimate, unbought
from tdcrawl.labeling.money import price_of
from tdcrawl.labeling.prompt import shown_text, version_of
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import RecordType
from tdcrawl.reporting import figures_line
from tdcrawl.store.engine import reading
from tdcrawl.store.relabelling import votes_on_texts
from tdcrawl.store.votes import taken
from tdcrawl.store.waiting import count_for_model, count_tasks, for_model

_ASKED = [name for name, kind in RECORD_TYPES.items() if kind.question]


class Command(TdcrawlCommand):
    """Label what waits: at once, or by batches that a later call collects."""

    def syntax(self) -> str:
        """Name the options."""
        modes = "[--mode inline|batch] [--estimate] [--budget USD]"
        return f"{modes} | relabel [--sample N] {modes} | gold FILE.csv | quality | errors [--most N]"

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Label what waits for a label: two votes, a third where they disagree, within a budget"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Take how to ask, and what it may cost."""
        super().add_options(parser)
        what = (
            "compare with texts whose labels are known, or with what people said; label anew what another model or "
            "wording has labelled; find labels that other records belie; else label what waits"
        )
        parser.add_argument("action", nargs="?", choices=("gold", "quality", "relabel", "errors"), help=what)
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE.csv", help="gold: columns text and label")
        parser.add_argument("--type", choices=_ASKED, default=_ASKED[0], help="all but quality: the record type")
        parser.add_argument("--mode", choices=MODES, default="inline", help="at once, or at half the price")
        few = "relabel: ask about so many records only, and say how many labels would change"
        parser.add_argument("--sample", type=number_of, metavar="N", help=few)
        parser.add_argument("--most", type=number_of, default=100, metavar="N", help="errors: ask people about so many")
        parser.add_argument("--estimate", action="store_true", help="say what it would cost, and ask nobody")
        parser.add_argument("--budget", metavar="USD", help=f"what this call may spend (else {BUDGET})")

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Label, or estimate; raises SettingError or StoreError."""
        kind = RECORD_TYPES[opts.type]
        if opts.sample and (opts.action, opts.mode) != ("relabel", "inline"):
            raise SettingError("a sample is asked about at once: scrapy label relabel --sample 200 --budget USD")
        match opts.action:
            case "quality":
                return _label_quality.quality(self)
            case "errors":
                return _label_errors.find(self, kind, opts.most)
            case "relabel" if opts.estimate:
                return _relabel.plan(self, kind)
            case _ if opts.estimate:
                return {"estimate": [self._estimate(RECORD_TYPES[name]) for name in count_for_model(self.engine)]}
        return self._spend(opts, kind)

    def _spend(self, opts: argparse.Namespace, kind: RecordType) -> Answer:
        if opts.budget is not None:
            self.project_settings.set(BUDGET, opts.budget, priority="cmdline")
        if not has_budget(self.project_settings):
            raise SettingError(f"nothing is spent without a budget: give --budget USD, or set {BUDGET}")
        read_budget(self.project_settings)
        if opts.action == "gold":
            return _label_quality.gold(self, opts.file, kind)
        if opts.action == "relabel":
            return _relabel.sample(self, kind, opts.sample) if opts.sample else _relabel.relabel(self, kind, opts.mode)
        told = [self._label(RECORD_TYPES[name], opts.mode) for name in count_for_model(self.engine)]
        return {"labelled": told, "waiting": count_for_model(self.engine), "review_tasks": count_tasks(self.engine)}

    def show(self, console: Console, answer: Answer) -> None:
        """Print what it would cost, or what came of it."""
        _label_quality.show(console, answer)
        _relabel.show(console, answer)
        _label_errors.show(console, answer)
        for price in answer.get("estimate", []):
            console.print(
                f"{price['records']} {price['record_type']} records wait: about {price['calls']} calls, "
                f"{price['usd_inline']:.4f} USD at once or {price['usd_batch']:.4f} USD by batch"
            )
        for told in answer.get("labelled", []):
            ends = ", ".join(f"{number} {bucket}" for bucket, number in told["ends"].items()) or "nothing decided yet"
            console.print(f"{told['record_type']}: {ends}; {figures_line(told['figures']) or 'nothing asked'}")
        for kind, number in answer.get("waiting", {}).items():
            console.print(f"{number} {kind} records wait on: call it again with more money, or to collect batches")
        if not any(answer.values()):
            console.print("nothing waits for a label")
        if answer.get("review_tasks"):
            console.print(f"{answer['review_tasks']} tasks wait for people: scrapy review")

    def _estimate(self, kind: RecordType) -> Answer:
        settings = self.project_settings
        price = price_of(settings["TDCRAWL_LABEL_MODEL"], settings["TDCRAWL_LABEL_PRICE"])
        version = version_of(kind, settings["TDCRAWL_LABEL_MODEL"])
        texts = (shown_text(kind, kind.stored(row["data"])) for row in for_model(self.engine, kind.name))
        with reading(self.engine) as connection:
            there = {text: voted[version] for text, voted in votes_on_texts(connection, version).items()}
        wanted = unbought(kind, texts, there)
        return estimate(kind, wanted, price, taken(self.engine)) | {"records": count_for_model(self.engine)[kind.name]}

    def _label(self, kind: RecordType, mode: str) -> Answer:
        from tdcrawl.backlog import Backlog  # noqa: PLC0415 - takes its time

        work = take_up(self, kind, mode, Backlog)
        return {"record_type": kind.name, "ends": dict(work.ends), "figures": work.figures}
