"""WHAT IS IT CALLED? One record's way from its text to a label: votes that are there, votes that are bought."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tdcrawl import faults
from tdcrawl.labeling.llm import Model, UnavailableError
from tdcrawl.labeling.money import dollars
from tdcrawl.labeling.prompt import Prompt, prompt_for, question_of, shown_text, text_hash, version_of
from tdcrawl.labeling.suspicion import refuse_orders
from tdcrawl.labeling.vote import verdict
from tdcrawl.outcomes import Bucket, LabelReason, Rejection
from tdcrawl.records.base import Record, RecordType
from tdcrawl.records.naming import Label
from tdcrawl.store.asked import Key
from tdcrawl.store.votes import Answer, Buyer, Cast, Vote, Wanted, cast, give_back, promise

logger = logging.getLogger(__name__)

Submit = Callable[[Callable[..., Any], Any], asyncio.Future[Any]]
"""Runs some work in the database, as store/writer.py does."""
Count = Callable[[str, float], None]
"""Adds to a figure of the run, by the end of its name."""
_BETWEEN_LOOKS = 0.5
"""Seconds: nobody tells a process of what another one has bought."""
_PATIENCE = 5
"""After so many calls in a row that failed, the service is left alone for the rest of the run."""


@dataclass
class Labeller:
    """Label records of one type by votes, so many calls at a time, until the budget of whoever buys them is spent.

    `budget` is in nanodollars. Whoever cannot be labelled raises Rejection: it waits (pending) for money or for the
    service, or needs people.
    """

    record_type: RecordType
    model: Model
    submit: Submit
    buyer: Buyer
    budget: int
    calls_at_once: int
    count: Count = lambda _, __: None
    _locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _under_way: int = 0
    _settled: int = 0
    _failed_in_a_row: int = 0
    _gone: str | None = None

    def __post_init__(self) -> None:
        """Prepare what belongs to a running event loop's tasks."""
        self._slots = asyncio.Semaphore(self.calls_at_once)
        self._news = asyncio.Event()
        self.version = version_of(self.record_type, self.model.name)

    async def label(self, item_id: str, record: Record) -> Label:
        """Give a record its label; raises Rejection, or StoreError where the database is gone."""
        text = shown_text(self.record_type, record)
        if refused := refuse_orders(text, self.record_type.labels):
            raise refused
        key = text_hash(text)
        try:
            async with self._locks[key]:  # Twins that wait together would each buy the same votes.
                return await self._by_votes(item_id, text, key)
        finally:
            self._locks.pop(key, None)

    async def _by_votes(self, item_id: str, text: str, key: str) -> Label:
        votes: list[Vote] = []
        while (judged := verdict(votes, self.version)) is None:
            number = len(votes) + 1
            votes.append(await self._vote(item_id, text, Key(key, self.version, number)))
            if number <= len(_FAULTS):
                faults.point(_FAULTS[number - 1])
        if isinstance(judged, Rejection):
            raise judged
        return judged

    async def _vote(self, item_id: str, text: str, key: Key) -> Vote:
        prompt = prompt_for(question_of(self.record_type), text, key.vote)
        wanted = Wanted(key, item_id, self.buyer, self.model.most(prompt), self.budget)
        there = await self._promise(wanted)
        if there:
            self.count("cache_hits", 1)
            return there
        try:
            vote = await self._ask(prompt)
        except UnavailableError as error:
            await self.submit(give_back, wanted)
            raise Rejection(Bucket.PENDING, LabelReason.LABEL_FAILED, str(error)) from error
        else:
            await self.submit(cast, Cast(key, item_id, self.buyer.account, wanted.most, vote))
            return vote
        finally:
            self._under_way -= 1
            self._settled += 1
            self._news.set()
            self._news = asyncio.Event()

    async def _promise(self, wanted: Wanted) -> Vote | None:
        """Find the vote, or the money for it; where others buy it, or have been promised the last money, wait."""
        while True:
            if self._gone:
                raise Rejection(Bucket.PENDING, LabelReason.LABEL_FAILED, self._gone)
            settled = self._settled
            found = await self.submit(promise, wanted)
            if isinstance(found, Vote):
                return found
            if found is Answer.ASK:
                self._under_way += 1
                return None
            if found is Answer.IN_BATCH:
                raise Rejection(Bucket.PENDING, LabelReason.NOT_ASKED, _IN_BATCH)
            if found is Answer.WAIT:
                await asyncio.sleep(_BETWEEN_LOOKS)
                continue
            if self._settled != settled:
                continue  # What a call did not need was given back meanwhile.
            if not self._under_way:
                detail = f"a vote may cost {dollars(wanted.most):.4f} USD, of {dollars(self.budget):.2f} less is left"
                raise Rejection(Bucket.PENDING, LabelReason.BUDGET_SPENT, detail)
            await self._news.wait()

    async def _ask(self, prompt: Prompt) -> Vote:
        async with self._slots:
            if self._gone:
                raise UnavailableError(self._gone, for_good=True)
            try:
                vote = await self.model.ask(prompt)
            except UnavailableError as error:
                self._note_failure(error)
                raise
        self._failed_in_a_row = 0
        self.count("calls", 1)
        self.count("usd", dollars(vote.nanodollars))
        self.count("tokens", vote.input_tokens + vote.output_tokens)
        return vote

    def _note_failure(self, error: UnavailableError) -> None:
        self.count("failed_calls", 1)
        self._failed_in_a_row += 1
        if not self._gone and (error.for_good or self._failed_in_a_row >= _PATIENCE):
            self._gone = str(error)
            logger.warning("No more labels are asked for in this run: %s. `scrapy label` takes up what waits", error)


_IN_BATCH = "a batch is asked already: `scrapy label --mode batch` collects its answer"
_FAULTS = ("after_vote_1", "after_vote_2")
