"""WHAT IS IT CALLED? Votes by the batch, at half the price: submitted now, collected whenever they are there."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tdcrawl.errors import StoreError
from tdcrawl.labeling.llm import Model
from tdcrawl.labeling.prompt import Prompt, prompt_for, question_of, shown_text, text_hash, version_of
from tdcrawl.records.base import RecordType
from tdcrawl.store.asked import Key
from tdcrawl.store.batches import Batch
from tdcrawl.store.rows import Row
from tdcrawl.store.votes import Cast

MOST_REQUESTS = 10_000
"""How many votes go into one batch at most."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Hold one request of a batch to come: a vote on an item, and what it may cost at most."""

    item_id: str
    key: Key
    prompt: Prompt
    most: int


def ask_for(record_type: RecordType, model: Model, row: Row, votes: Sequence[int]) -> Iterator[Ask]:
    """Write the requests for votes on a row of what waits."""
    text = shown_text(record_type, record_type.stored(row["data"]))
    hashed, version = text_hash(text), version_of(record_type, model.name)
    for vote in votes:
        prompt = prompt_for(question_of(record_type), text, vote)
        yield Ask(row["item_id"], Key(hashed, version, vote), prompt, model.most(prompt, batch=True))


def new_batch(record_type: RecordType, model: Model, account: str, asks: Sequence[Ask]) -> Batch:
    """Describe a batch before it is submitted, under a name of our own."""
    requests = [(ask.item_id, ask.key.vote, ask.prompt.mark) for ask in asks]
    version, most = version_of(record_type, model.name), sum(ask.most for ask in asks)
    return Batch(secrets.token_hex(4), record_type.name, version, account, most, requests)


async def submit(model: Model, batch: Batch, asks: Sequence[Ask]) -> str:
    """Submit a batch; gives the service's id for it."""
    requests = [
        {"custom_id": f"{ask.item_id}-{ask.key.vote}-{batch.submission_id}", "params": model.request(ask.prompt)}
        for ask in asks
    ]
    return await model.submit(requests)


async def votes_of(model: Model, batch: Batch, record_type: RecordType, texts: Mapping[str, str]) -> list[Cast] | None:
    """Read the votes of a batch, in whatever order they come; None where it has not ended.

    `texts` are what is shown of the items by id. A request that came to nothing is left out: it is asked again.
    """
    if batch.batch_id is None:
        raise StoreError(f"submission {batch.submission_id} has no batch id yet")
    if not await model.has_ended(batch.batch_id):
        return None
    marks = {(item_id, vote): mark for item_id, vote, mark in batch.requests}
    labels, cast = tuple(question_of(record_type).meanings), list[Cast]()
    async for custom_id, message in model.results(batch.batch_id):
        item_id, vote, _ = custom_id.split("-")
        mark = marks.pop((item_id, int(vote)), None)
        if message is None or mark is None or item_id not in texts:
            continue
        read = model.read(message, Prompt("", "", labels, mark), batch=True)
        key = Key(text_hash(texts[item_id]), batch.version, int(vote))
        cast.append(Cast(key, item_id, batch.account, read.nanodollars, replace(read, batch_id=batch.batch_id)))
    return cast
