"""What waits for a label is taken up, record by record; by_batch.py does so at half the price."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from scrapy.settings import BaseSettings

from tdcrawl.asking import open_labeller, open_model
from tdcrawl.balance.quota import SeatBook
from tdcrawl.labeling.labeller import Labeller
from tdcrawl.labeling.llm import Model
from tdcrawl.labeling.prompt import shown_text, version_of
from tdcrawl.measures import open_terms
from tdcrawl.outcomes import Bucket, LabelReason, Rejection
from tdcrawl.records.base import Record, RecordType
from tdcrawl.records.naming import Label
from tdcrawl.setting_values import read_number
from tdcrawl.store.deciding import Decision, decide
from tdcrawl.store.engine import Engine
from tdcrawl.store.life import show_life
from tdcrawl.store.relabelling import labelled_before
from tdcrawl.store.rows import Row, Run, command_run
from tdcrawl.store.seats import all_seats
from tdcrawl.store.terms import Terms
from tdcrawl.store.votes import Buyer
from tdcrawl.store.waiting import for_model
from tdcrawl.store.writer import Writer

SPIDER = "label"
"""As what a labelling stands where else a spider is named."""


@dataclass
class Backlog:
    """Hold the records of one type that wait for a label; `run` is who labels them, and the account that pays.

    `ends` counts where they went, `figures` what it took: calls, usd, tokens, cache_hits, failed_calls.
    """

    settings: BaseSettings
    engine: Engine
    writer: Writer
    terms: Terms
    run: Run
    ends: Counter[str] = field(default_factory=Counter)
    figures: dict[str, float] = field(default_factory=dict)
    promised: int = 0
    """What its batches may cost, in nanodollars."""

    @property
    def buyer(self) -> Buyer:
        """Name who buys its votes."""
        return Buyer(self.run.run_id, self.run.run_id)

    @property
    def record_type(self) -> RecordType:
        """Give the type of the records."""
        return self.terms.record_type

    def waiting(self) -> Iterator[Row]:
        """Stream what waits; nothing where every stratum is full, so that no label is bought for it."""
        seats = SeatBook(self.terms.quota, all_seats(self.engine, self.record_type.name))
        if not all(map(seats.is_full, self.record_type.labels)):
            yield from for_model(self.engine, self.record_type.name)

    def record(self, row: Row) -> Record:
        """Give the record of a row."""
        return self.record_type.stored(row["data"])

    def shown(self, row: Row) -> str:
        """Give what is shown of a row."""
        return shown_text(self.record_type, self.record(row))

    def count(self, what: str, number: float) -> None:
        """Add to a figure."""
        self.figures[what] = self.figures.get(what, 0) + number

    async def decide(self, item_id: str, said: Label | Rejection) -> None:
        """Give a record its label, or say why it goes on waiting."""
        self.ends[await self.writer.submit(decide, Decision(item_id, said, self.terms, self.run))] += 1


@dataclass
class Relabelling(Backlog):
    """Hold the records that votes have labelled under another version: each is called so until it is called anew.

    `ends` counts what the votes say: `same`, `changed`, `to_people`, and `not_asked` where nobody could be.
    """

    _called: dict[str, Row] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Name the version that is asked for."""
        return version_of(self.record_type, self.settings["TDCRAWL_LABEL_MODEL"])

    def waiting(self) -> Iterator[Row]:
        """Stream what has the label of another version."""
        for row in labelled_before(self.engine, self.record_type.name, self.version):
            self._called[row["item_id"]] = {"label": row["label"], "version": row["version"]}
            yield row

    async def decide(self, item_id: str, said: Label | Rejection) -> None:
        """Give a record its new label, or ask people about it; one that could not be asked about is as it was."""
        before = self._called.pop(item_id, None)
        if before is None:
            return  # Said already: the votes on one record can be parted by the end of a batch.
        self.ends[end_of(before["label"], said)] += 1
        decision = Decision(item_id, said, self.terms, self.run, before["version"])
        await self.writer.submit(decide, decision)


def end_of(before: str, said: Label | Rejection) -> str:
    """Say what votes came to on a record that has a label."""
    if isinstance(said, Label):
        return "same" if said.name == before else "changed"
    return "not_asked" if said.bucket is Bucket.PENDING else "to_people"


_Work = TypeVar("_Work", bound=Backlog)


@contextmanager
def open_backlog(settings: BaseSettings, engine: Engine, record_type: RecordType, what: type[_Work]) -> Iterator[_Work]:
    """Open what is to be labelled, with a writer of its own; raises SettingError or StoreError."""
    run = command_run(SPIDER, record_type.name)
    terms = open_terms(engine, settings, record_type)
    with ExitStack() as stack:
        life = show_life(engine, run.run_id)
        stack.callback(life.end)
        patience = read_number(settings, "TDCRAWL_DATABASE_PATIENCE_SECONDS", 0, 3600)
        writer = Writer(life.writing, patience)
        stack.callback(writer.close)
        yield what(settings, engine, writer, terms, run)


@asynccontextmanager
async def open_labelling(backlog: Backlog) -> AsyncIterator[Labeller]:
    """Open the way to the model for votes at the expense of a backlog; raises SettingError."""
    model = open_model(backlog.settings)
    try:
        yield _labeller(backlog, model)
    finally:
        await model.close()


def _labeller(backlog: Backlog, model: Model) -> Labeller:
    write, kind = backlog.writer.submit, backlog.record_type
    return open_labeller(backlog.settings, kind, model, write, backlog.buyer, backlog.count)


async def label_inline(backlog: Backlog, model: Model) -> None:
    """Ask for one record after the other, many at a time, until all are labelled or nothing more can be asked for."""
    labeller = _labeller(backlog, model)
    # More than are asked for at once: some wait for the database.
    room, at_an_end = asyncio.Semaphore(2 * labeller.calls_at_once), asyncio.Event()

    async def label(row: Row) -> None:
        try:
            said: Label | Rejection = await labeller.label(row["item_id"], backlog.record(row))
        except Rejection as why:
            said = why
            # A vote that a batch is asked for holds nobody else up.
            if why.bucket is Bucket.PENDING and why.reason != LabelReason.NOT_ASKED:
                at_an_end.set()
        finally:
            room.release()
        await backlog.decide(row["item_id"], said)

    async with asyncio.TaskGroup() as tasks:
        for row in backlog.waiting():
            await room.acquire()
            if at_an_end.is_set():
                return
            tasks.create_task(label(row))
