"""Measure what labels cost, beside the recipe's three calls, and how near to the wire asking for them is."""

import argparse
import asyncio
import os
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.reviews import invent_reviews
from tdcrawl.labeling.labeller import Labeller
from tdcrawl.labeling.llm import Model
from tdcrawl.labeling.money import NANODOLLARS, price_of
from tdcrawl.labeling.vote import verdict
from tdcrawl.outcomes import Rejection
from tdcrawl.records.naming import Label
from tdcrawl.records.review import REVIEW, Review
from tdcrawl.store.engine import open_engine, writing
from tdcrawl.store.votes import Buyer, Vote
from tdcrawl.store.writer import Writer
from tests.messages_server import MessagesServer, Reply, messages_server, quoted, says

_SIMULATED = 10_000
_ACCURACIES = (0.8, 0.9, 0.95)
_RECIPE_CALLS = 3
_BATCH = 0.5
_SEED = 6
_MODEL = "claude-haiku-4-5-20251001"
# As TDCRAWL_LABEL_CALLS is by default.
_CALLS_AT_ONCE = 8
_SECONDS_A_CALL = 0.2


def main() -> None:
    """Simulate votes, then ask a server for some."""
    parser = machine.parser("Calls and dollars of votes beside the recipe's; time of inline asking beside the wire's.")
    parser.add_argument("--records", type=int, default=1000, help="how many to label at a server (default: 1000)")
    options = parser.parse_args()
    figures, lines = _simulated()
    figures |= asyncio.run(_inline(options))
    lines.append(
        f"{figures['records']} records at {_SECONDS_A_CALL} s a call, {_CALLS_AT_ONCE} at once: "
        f"{figures['inline_seconds']} s for {figures['calls']} calls, {figures['over_the_wire']} of the wire's"
    )
    machine.report("Labels by votes", figures, lines, as_json=options.json)


def _simulated() -> tuple[dict[str, float], list[str]]:
    figures, lines = dict[str, float](), list[str]()
    for accuracy in _ACCURACIES:
        chance = random.Random(_SEED)  # noqa: S311 - nothing here is secret
        calls = same = 0
        for number in range(_SIMULATED):
            truth = REVIEW.labels[number % 3]
            said = [_say(chance, truth, accuracy) for _ in range(_RECIPE_CALLS)]
            judged, used = _ours(said)
            calls += used
            same += judged == _majority(said)
        share = calls / (_RECIPE_CALLS * _SIMULATED)
        figures |= {
            f"calls_{accuracy}": round(share, 4),
            f"same_{accuracy}": same / _SIMULATED,
            f"dollars_by_batch_{accuracy}": round(share * _BATCH, 4),
        }
        lines.append(
            f"votes right {accuracy:.0%}: {share:.3f} of the recipe's calls, {share * _BATCH:.3f} of its "
            f"dollars by batch, the same majority for {same / _SIMULATED:.2%} of {_SIMULATED} records"
        )
    return figures, lines


def _say(chance: random.Random, truth: str, accuracy: float) -> str:
    return truth if chance.random() < accuracy else chance.choice([name for name in REVIEW.labels if name != truth])


def _ours(said: list[str]) -> tuple[str | None, int]:
    for used in range(1, len(said) + 1):
        judged = verdict([Vote(label, 1.0) for label in said[:used]], "simulated")
        if judged is not None:
            return (judged.name if isinstance(judged, Label) else None), used
    raise AssertionError(said)


def _majority(said: list[str]) -> str | None:
    label, number = Counter(said).most_common(1)[0]
    return label if number > 1 else None


async def _inline(options: argparse.Namespace) -> dict[str, float]:
    texts = [str(review["text"]) for review in invent_reviews(options.records)]
    with messages_server() as server, TemporaryDirectory() as folder:
        server.answer = _slowly
        os.environ |= server.env
        engine = open_engine(f"sqlite:///{folder}/labels.db")
        writer, model = Writer(partial(writing, engine)), Model.open(_MODEL, price_of(_MODEL), 60)
        labeller = Labeller(
            REVIEW, model, writer.submit, Buyer("benchmark", "benchmark"), 1000 * NANODOLLARS, _CALLS_AT_ONCE
        )
        began = time.perf_counter()
        await asyncio.gather(*(_label(labeller, number, text) for number, text in enumerate(texts)))
        seconds = time.perf_counter() - began
        await model.close()
        writer.close()
        engine.dispose()
        return _timed(server, len(texts), seconds)


def _timed(server: MessagesServer, records: int, seconds: float) -> dict[str, float]:
    calls = len(server.calls)
    wire = calls * _SECONDS_A_CALL / _CALLS_AT_ONCE
    return {
        "records": records,
        "calls": calls,
        "inline_seconds": round(seconds, 1),
        "over_the_wire": round(seconds / wire, 3),
    }


async def _label(labeller: Labeller, number: int, text: str) -> None:
    with suppress(Rejection):
        await labeller.label(f"item-{number}", Review(product_id="1", text=text))


def _slowly(body: dict[str, object]) -> Reply:
    time.sleep(_SECONDS_A_CALL)
    chance = random.Random(quoted(body) + str(body["messages"])[:40])  # noqa: S311 - nothing here is secret
    return says(_say(chance, "positive", 0.9))


if __name__ == "__main__":
    main()
