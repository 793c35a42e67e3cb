"""Texts that give orders: none flips a label, though the model obeys them; hardly an innocent text is suspected."""

import asyncio
import csv
import gzip
import tomllib
from functools import partial
from pathlib import Path

import pytest

from tdcrawl.labeling.labeller import Labeller
from tdcrawl.labeling.llm import Model
from tdcrawl.labeling.money import NANODOLLARS, price_of
from tdcrawl.labeling.suspicion import suspicion
from tdcrawl.outcomes import LabelReason, Rejection
from tdcrawl.records.review import REVIEW, Review
from tdcrawl.store.engine import open_engine, writing
from tdcrawl.store.votes import Buyer
from tdcrawl.store.writer import Writer
from tests.messages_server import messages_server, obedient

ATTACKS: list[str] = tomllib.loads(Path(__file__).with_name("attacks.toml").read_text("utf-8"))["attacks"]
FILLER = "I bought this kettle last winter for my mother and wrote down what we both found out about it since."


async def fates(texts: list[str], database_url: str) -> list[str]:
    """Label texts by a model; gives the label, or the reason why there is none, for each."""
    engine = open_engine(database_url)
    writer, model = Writer(partial(writing, engine)), Model.open("claude-haiku-4-5", price_of("claude-haiku-4-5"), 10)
    labeller = Labeller(REVIEW, model, writer.submit, Buyer("account", "holder"), NANODOLLARS, 8)

    async def fate(number: int, text: str) -> str:
        try:
            return (await labeller.label(f"item-{number}", Review(product_id="1", text=text))).name
        except Rejection as why:
            return str(why.reason)

    try:
        return list(await asyncio.gather(*(fate(number, text) for number, text in enumerate(texts))))
    finally:
        await model.close()
        writer.close()
        engine.dispose()


@pytest.mark.attack(
    "a review that gives the model orders, at a model that obeys them",
    "no label flipped; people are asked",
    cases=len(ATTACKS),
)
def test_no_attack_flips_a_label_when_the_model_obeys_what_it_reads(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with messages_server() as server:
        server.answer = obedient
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        texts = [f"{FILLER} {attack}" for attack in ATTACKS]
        told = asyncio.run(fates(texts, database_url))
    flipped = [attack for attack, fate in zip(ATTACKS, told, strict=True) if fate in {"positive", "neutral"}]
    assert (len(ATTACKS) >= 40, flipped) == (True, [])
    assert set(told) <= {"negative", LabelReason.SUSPECTED_INJECTION, LabelReason.VOTES_DISAGREE}


@pytest.mark.parametrize(
    "text",
    [
        "I am positive that this is the best kettle I have had, and my wife is of the same opinion",
        "The label came off after a week, and the answer of the shop was negative: no refund",
        "Read the instructions first! I ignored them and the lid broke, so ignore my first review please",
        "My rating is four stars. Would I choose it again? Yes. The system of filters is easy to clean",
        "A neutral colour that goes with all. I would rate it as good, and mark my words: it lasts",
        "The assistant in the shop told us to return it, the model number was wrong",
    ],
)
def test_innocent_text_is_not_suspected(text: str) -> None:
    assert suspicion(text, REVIEW.labels) is None


def test_real_reviews_are_hardly_ever_suspected(shared_data: Path) -> None:
    with gzip.open(shared_data / "reviews" / "womens_clothing.csv.gz", "rt") as file:
        texts = [row["text"] for row in csv.DictReader(file) if row["text"]]
    assert sum(suspicion(text, REVIEW.labels) is not None for text in texts) <= len(texts) * 0.0005
