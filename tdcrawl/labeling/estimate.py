"""WHAT IS IT CALLED? What asking for labels would cost, before a cent is spent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tdcrawl.labeling.money import Price, dollars
from tdcrawl.labeling.prompt import prompt_for, question_of, text_hash
from tdcrawl.labeling.suspicion import refuse_orders
from tdcrawl.labeling.vote import verdict
from tdcrawl.records.base import RecordType
from tdcrawl.store.votes import Taken, Vote

CHARACTERS_A_TOKEN = 4
"""As many as English has on average; other languages have fewer, and cost more."""
_ANSWER_TOKENS = 60
_FORM_TOKENS = 200
_VOTES_A_RECORD = 2.2


Wanted = tuple[str, int]
"""A text to ask about, and how many of its votes are there already."""


def unbought(record_type: RecordType, texts: Iterable[str], there: Mapping[str, Sequence[Vote]]) -> Iterator[Wanted]:
    """Pick the texts that take calls; `there` are the votes that are kept, by the hash of the text."""
    for text in texts:
        votes = there.get(text_hash(text), [])
        if not refuse_orders(text, record_type.labels) and verdict(votes, "") is None:
            yield text, len(votes)


def estimate(record_type: RecordType, wanted: Iterable[Wanted], price: Price, before: Taken) -> dict[str, Any]:
    """Estimate calls and dollars for texts, by what earlier votes took (`before`), if there were any."""
    question = question_of(record_type)
    votes = before.votes / before.records if before.records else _VOTES_A_RECORD
    answer = before.output_tokens / before.votes if before.votes else _ANSWER_TOKENS
    records, calls, characters = 0, 0.0, 0.0
    for text, there in wanted:
        prompt, missing = prompt_for(question, text, 1), max(1, votes - there)
        records += 1
        calls += missing
        characters += missing * (len(prompt.system) + len(prompt.message))
    taken = characters / CHARACTERS_A_TOKEN + calls * _FORM_TOKENS
    whole = price.of(round(taken), round(calls * answer))
    return {
        "record_type": record_type.name,
        "records": records,
        "calls": round(calls),
        "usd_inline": round(dollars(whole), 4),
        "usd_batch": round(dollars(whole) / 2, 4),
    }
