"""WHAT IS IT CALLED? The answer a model has to give, and the vote that it makes."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tdcrawl.labeling.prompt import Prompt
from tdcrawl.store.votes import Vote

ORDERS = "ORDERS"
"""With what a model begins its reason where the text gives it orders."""
_SHOWN = 1_000


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    label: str
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: str


def answer_form(labels: Sequence[str]) -> dict[str, Any]:
    """Describe the answer as `output_config` wants it: one of the labels, how sure (0-1), and why."""
    properties = {
        "label": {"type": "string", "enum": list(labels)},
        "confidence": {"type": "number"},
        "reason": {"type": "string"},
    }
    schema = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return {"format": {"type": "json_schema", "schema": schema}}


def read_answer(text: str, stop_reason: str | None, prompt: Prompt) -> Vote:
    """Read what a model answered; whatever is no answer is a failed vote that says why."""
    if stop_reason != "end_turn":
        return Vote(None, error=f"it stopped for {stop_reason}")
    try:
        answer = _Answer.model_validate_json(text)
    except ValidationError as error:
        return Vote(None, error=f"no answer: {json.dumps(error.errors(include_url=False)[0]['msg'])}")
    if answer.label not in prompt.labels:
        return Vote(None, error=f"no label: {answer.label[:_SHOWN]!r}")
    # The mark is for its eyes only: one that tells it does what somebody in the text wants.
    if answer.reason.startswith(ORDERS) or prompt.mark in answer.reason:
        return Vote(None, error=ORDERS, reason=answer.reason[:_SHOWN])
    return Vote(answer.label, answer.confidence, answer.reason[:_SHOWN])
