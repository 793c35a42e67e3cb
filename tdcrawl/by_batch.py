"""What waits for a label is taken up by the batch: submitted now, collected by a later call, at half the price."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator
from itertools import accumulate

from tdcrawl import faults
from tdcrawl.asking import read_budget
from tdcrawl.backlog import Backlog
from tdcrawl.labeling import batching
from tdcrawl.labeling.batching import Ask
from tdcrawl.labeling.llm import Model
from tdcrawl.labeling.money import dollars
from tdcrawl.labeling.prompt import text_hash, version_of
from tdcrawl.labeling.suspicion import refuse_orders
from tdcrawl.labeling.vote import verdict
from tdcrawl.outcomes import Bucket, LabelReason, Rejection
from tdcrawl.store import asked, batches, votes
from tdcrawl.store.asked import Claim
from tdcrawl.store.batches import Batch
from tdcrawl.store.engine import reading
from tdcrawl.store.shown import shown_rows


async def label_by_batch(backlog: Backlog, model: Model) -> None:
    """Collect the batches that have ended, decide what can be decided, and submit what is still to be asked."""
    for batch in _unfinished(backlog):
        await _collect(backlog, model, batch)
    asks: list[Ask] = []
    async for ask in _wanted(backlog, model):
        asks.append(ask)
        if len(asks) == batching.MOST_REQUESTS:
            await _submit(backlog, model, asks)
            asks = []
    if asks:
        await _submit(backlog, model, asks)


async def _wanted(backlog: Backlog, model: Model) -> AsyncIterator[Ask]:
    """Decide on what can be decided, and give what has to be asked for the rest."""
    version = version_of(backlog.record_type, model.name)
    for row in backlog.waiting():
        text = backlog.shown(row)
        with reading(backlog.engine) as connection:
            there = votes.of_text(connection, text_hash(text), version)
        if said := refuse_orders(text, backlog.record_type.labels) or verdict(there, version):
            await backlog.decide(row["item_id"], said)
        else:
            for ask in batching.ask_for(backlog.record_type, model, row, [len(there) + 1] if there else [1, 2]):
                yield ask


async def _submit(backlog: Backlog, model: Model, asks: list[Ask]) -> None:
    """Note a batch, then submit it: of what is asked and nobody else buys, as much as the budget allows."""
    asks = await _claim(backlog, asks)
    budget = read_budget(backlog.settings)
    affordable = bisect_right(list(accumulate(ask.most for ask in asks)), budget - backlog.promised)
    asks, left = asks[:affordable], asks[affordable:]
    detail = f"of {dollars(budget):.2f} USD less is left than its votes may cost"
    why = Rejection(Bucket.PENDING, LabelReason.BUDGET_SPENT, detail)
    await asyncio.gather(*(backlog.decide(item_id, why) for item_id in dict.fromkeys(ask.item_id for ask in left)))
    await asyncio.gather(*(backlog.writer.submit(asked.let_go, ask.key) for ask in left))
    if not asks:
        return
    batch = batching.new_batch(backlog.record_type, model, backlog.run.run_id, asks)
    if await backlog.writer.submit(batches.note, (batch, backlog.buyer.holder, budget)):
        backlog.promised += batch.nanodollars
        faults.point("before_batch_submitted")
        batch_id = await batching.submit(model, batch, asks)
        faults.point("after_batch_submitted")
        await backlog.writer.submit(batches.name, (batch.submission_id, batch_id))
        backlog.count("submitted", len(asks))


async def _claim(backlog: Backlog, asks: list[Ask]) -> list[Ask]:
    """Choose what is asked: nothing that another process or batch buys, and nothing twice."""
    wanted = {ask.key: ask.item_id for ask in asks}
    free = await backlog.writer.submit(asked.claim, Claim(backlog.buyer.holder, wanted))
    ours = [ask for ask in asks if ask.key in free and wanted[ask.key] == ask.item_id]
    if len(ours) < len(asks):
        backlog.count("under_way", len(asks) - len(ours))
    return ours


def _unfinished(backlog: Backlog) -> list[Batch]:
    with reading(backlog.engine) as connection:
        return batches.unfinished(connection, backlog.record_type.name)


async def _collect(backlog: Backlog, model: Model, batch: Batch) -> None:
    named = batch if batch.batch_id else await _look_for(backlog, model, batch)
    if named is None:
        return
    items = {item for item, _, _ in batch.requests}
    with reading(backlog.engine) as connection:
        texts = {item_id: backlog.shown(row) for item_id, row in shown_rows(connection, items)}
    cast = await batching.votes_of(model, named, backlog.record_type, texts)
    if cast is not None:
        await backlog.writer.submit(batches.collect, (named, cast))
        backlog.count("calls", len(cast))
        backlog.count("usd", dollars(sum(one.vote.nanodollars for one in cast)))


async def _look_for(backlog: Backlog, model: Model, batch: Batch) -> Batch | None:
    """Find out whether a submission came through of which a crash kept us from hearing; give it up where it did not.

    One that has not ended tells nobody what it holds: it may be ours, so it is waited for.
    """
    with reading(backlog.engine) as connection:
        known = batches.known_ids(connection)
    may_be_there = False
    async for batch_id, ended in model.batches():
        if batch_id in known:
            continue
        if not ended:
            may_be_there = True
        elif (await model.first_result(batch_id)).endswith(f"-{batch.submission_id}"):
            await backlog.writer.submit(batches.name, (batch.submission_id, batch_id))
            return batches.named(batch, batch_id)
    if not may_be_there:
        await backlog.writer.submit(batches.give_up, batch)
    return None
