"""Two processes that want the same vote: one buys it, and the other waits for it, or buys it once that one is gone."""

import asyncio
from functools import partial
from threading import Event
from typing import Any

import pytest
from scrapy.settings import Settings
from sqlalchemy import select

from tdcrawl.backlog import Backlog, open_backlog
from tdcrawl.labeling.labeller import Labeller
from tdcrawl.labeling.llm import Model
from tdcrawl.labeling.money import NANODOLLARS, price_of
from tdcrawl.records.naming import Label
from tdcrawl.records.review import REVIEW, Review
from tdcrawl.store.asked import Claim, Key, claim, let_all_go
from tdcrawl.store.batches import Batch, collect, note
from tdcrawl.store.engine import Engine, open_engine, writing
from tdcrawl.store.label_tables import label_accounts, label_asked
from tdcrawl.store.life import is_alive, show_life
from tdcrawl.store.votes import Answer, Buyer, Cast, Vote, Wanted, cast, give_back, promise
from tdcrawl.store.writer import Writer
from tests.builders import GOOD_TEXT
from tests.messages_server import Reply, honest, messages_server
from tests.services import cut_off

KEY = Key("ab" * 32, "haiku/1", 1)
ONE, TWO = Buyer("run-1", "one"), Buyer("run-2", "two")


def ask(engine: Engine, buyer: Buyer, key: Key = KEY, budget: int = 10) -> Vote | Answer:
    with writing(engine) as connection:
        (answer,) = promise(connection, [Wanted(key, "item", buyer, 10, budget)])
    return answer


def accounts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return dict(connection.execute(select(label_accounts.c.account, label_accounts.c.nanodollars)).all())


def test_vote_is_waited_for_while_the_process_that_buys_it_lives(database_url: str) -> None:
    engine = open_engine(database_url)
    life = show_life(engine, ONE.holder)
    assert [ask(engine, buyer) for buyer in (ONE, TWO)] == [Answer.ASK, Answer.WAIT]
    assert accounts(engine) == {"run-1": 10}  # Who waits promises no money.
    vote = Vote("positive", 0.9, nanodollars=4)
    with writing(engine) as connection:
        cast(connection, [Cast(KEY, "item", ONE.account, 10, vote)])
    assert (ask(engine, TWO), accounts(engine)) == (vote, {"run-1": 4})
    with engine.connect() as connection:
        assert connection.execute(select(label_asked)).all() == []
    life.end()
    engine.dispose()


def test_vote_is_asked_for_again_once_the_process_is_gone_or_gave_it_up(database_url: str) -> None:
    engine, second = open_engine(database_url), Key(KEY.text_hash, KEY.version, 2)
    life, other = show_life(engine, ONE.holder), show_life(engine, TWO.holder)
    assert ask(engine, ONE) is Answer.ASK
    with writing(engine) as connection:
        give_back(connection, [Wanted(KEY, "item", ONE, 10, 10)])
    assert (ask(engine, TWO), ask(engine, ONE), accounts(engine)) == (
        Answer.ASK,
        Answer.WAIT,
        {"run-1": 0, "run-2": 10},
    )
    assert ask(engine, ONE, second) is Answer.ASK
    assert ask(engine, TWO, second, budget=20) is Answer.WAIT
    life.end()  # As if it had been killed in the middle of its call.
    assert ask(engine, TWO, second) is Answer.TOO_LITTLE
    assert ask(engine, TWO, second, budget=20) is Answer.ASK
    with engine.connect() as connection:
        assert set(connection.scalars(select(label_asked.c.holder))) == {"two"}
    other.end()
    engine.dispose()


def test_batch_asks_for_no_vote_that_others_buy(database_url: str) -> None:
    engine, second = open_engine(database_url), Key(KEY.text_hash, KEY.version, 2)
    life, other = show_life(engine, ONE.holder), show_life(engine, TWO.holder)
    assert ask(engine, ONE) is Answer.ASK
    batch = Batch("5ab", "review", KEY.version, TWO.account, 10, [("item", 2, "mark")])
    with writing(engine) as connection:
        assert claim(connection, [Claim(TWO.holder, {KEY: "item", second: "item"})]) == [{second}]
        assert note(connection, [(batch, TWO.holder, 10)]) == [True]
    other.end()  # The process that submitted it may be gone: its batch is not.
    assert ask(engine, ONE, second, budget=100) is Answer.IN_BATCH
    life.end()
    with writing(engine) as connection:
        assert claim(connection, [Claim(TWO.holder, {KEY: "item", second: "item"})]) == [{KEY}]
        collect(connection, [(batch, [])])
    assert ask(engine, ONE, second, budget=100) is Answer.ASK
    engine.dispose()


def test_text_that_two_processes_ask_about_at_once_is_paid_for_once(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, waits = Event(), Event()

    def answer(body: dict[str, Any]) -> Reply:
        asked.set()
        waits.wait(20)  # The first call ends no sooner than the other process has found that it is under way.
        return honest(body)

    async def both() -> list[Label]:
        engine = open_engine(database_url)
        lives = [show_life(engine, buyer.holder) for buyer in (ONE, TWO)]
        writer, model = (
            Writer(partial(writing, engine)),
            Model.open("claude-haiku-4-5", price_of("claude-haiku-4-5"), 30),
        )

        def submit(work: Any, argument: Any) -> asyncio.Future[Any]:
            future: asyncio.Future[Any] = writer.submit(work, argument)
            future.add_done_callback(lambda done: waits.set() if done.result() is Answer.WAIT else None)
            return future

        record = Review(product_id="1", text=GOOD_TEXT)
        labellers = [Labeller(REVIEW, model, submit, buyer, NANODOLLARS, 8) for buyer in (ONE, TWO)]
        try:
            first = asyncio.create_task(labellers[0].label("item-1", record))
            await asyncio.to_thread(asked.wait, 20)
            return list(await asyncio.gather(first, labellers[1].label("item-2", record)))
        finally:
            await model.close()
            writer.close()
            for life in lives:
                life.end()
            engine.dispose()

    with messages_server() as server:
        server.answer = answer
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        one, other = asyncio.run(both())
        assert (one, len(server.calls)) == (other, 2)


def test_process_whose_session_was_cut_off_shows_that_it_lives_again(
    postgresql_database: str, postgresql_url: str
) -> None:
    engine, other = open_engine(postgresql_database), open_engine(postgresql_database)
    settings = Settings()
    settings.setmodule("tdcrawl.settings", priority="project")
    with open_backlog(settings, engine, REVIEW, Backlog) as backlog:
        cut_off(postgresql_url, postgresql_database)

        async def write() -> Any:
            return await backlog.writer.submit(let_all_go, "nobody")

        assert asyncio.run(write()) is None
        with other.begin() as connection:
            assert is_alive(connection, backlog.buyer.holder)
    with other.begin() as connection:
        assert not is_alive(connection, backlog.buyer.holder)
    for one in (engine, other):
        one.dispose()
