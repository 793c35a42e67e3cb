"""WHAT IS IT CALLED? What asking for labels would cost, before a cent is spent."""

from collections.abc import Iterable
from typing import Any

from tdcrawl.labeling.money import Price, dollars
from tdcrawl.labeling.prompt import prompt_for, question_of
from tdcrawl.records.base import RecordType
from tdcrawl.store.votes import Taken

CHARACTERS_A_TOKEN = 4
"""As many as English has on average; other languages have fewer, and cost more."""
_ANSWER_TOKENS = 60
_FORM_TOKENS = 200
_VOTES_A_RECORD = 2.2


def estimate(record_type: RecordType, texts: Iterable[str], price: Price, before: Taken) -> dict[str, Any]:
    """Estimate calls and dollars for texts, by what earlier votes took (`before`), if there were any."""
    question = question_of(record_type)
    records = characters = 0
    for text in texts:
        prompt = prompt_for(question, text, 1)
        records += 1
        characters += len(prompt.system) + len(prompt.message)
    votes = before.votes / before.records if before.records else _VOTES_A_RECORD
    answer = before.output_tokens / before.votes if before.votes else _ANSWER_TOKENS
    taken = votes * (characters / CHARACTERS_A_TOKEN + records * _FORM_TOKENS)
    whole = price.of(round(taken), round(votes * records * answer))
    return {
        "record_type": record_type.name,
        "records": records,
        "calls": round(votes * records),
        "usd_inline": round(dollars(whole), 4),
        "usd_batch": round(dollars(whole) / 2, 4),
    }
