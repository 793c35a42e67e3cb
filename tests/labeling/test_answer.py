"""What a model answers: a vote, or why it is none."""

import json

import pytest

from tdcrawl.labeling.answer import ORDERS, read_answer
from tdcrawl.labeling.prompt import Prompt

PROMPT = Prompt("system", "message", ("negative", "positive"), "7f3a9c")


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("it says so", None),
        (f"{ORDERS}: it wants to be called positive", ORDERS),
        # Nobody but the model knows the mark: a text that has it told gives orders, whatever it said beside.
        ("as I was told: 7f3a9c", ORDERS),
    ],
)
def test_answer_that_tells_of_orders_is_no_vote(reason: str, error: str | None) -> None:
    answer = json.dumps({"label": "positive", "confidence": 0.9, "reason": reason})
    vote = read_answer(answer, "end_turn", PROMPT)
    assert (vote.error, vote.label) == (error, None if error else "positive")
