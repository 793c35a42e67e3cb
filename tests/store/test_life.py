"""A run's sign of life: there as long as its process, whatever ends that."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from tdcrawl.errors import LostError
from tdcrawl.store.engine import Engine, open_engine
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.life import is_alive, show_life
from tdcrawl.store.tables import pages, runs
from tdcrawl.store.worker_tables import workers
from tests.builders import a_run
from tests.conftest import PROJECT
from tests.services import cut_off, database_gone
from tests.waiting import wait_until

LIVE = """
import sys, time
from tdcrawl.store.ledger import Ledger
from tests.builders import a_run
ledger = Ledger.open(sys.argv[1], a_run("run-1"))
print("alive", flush=True)
time.sleep(60)
"""


def alive(engine: Engine, run_id: str = "run-1") -> bool:
    with engine.begin() as connection:
        return is_alive(connection, run_id)


def test_run_is_alive_until_it_ends(database_url: str, tmp_path: Path) -> None:
    engine = open_engine(database_url)
    life = show_life(engine, "run-1")
    assert (alive(engine), alive(engine), alive(engine, "run-2")) == (True, True, False)
    life.end()
    assert not alive(engine)
    engine.dispose()
    assert list(tmp_path.glob("*.alive")) == []


def test_run_is_alive_for_itself(database_url: str) -> None:
    engine = open_engine(database_url)
    life = show_life(engine, "run-1")
    with life.writing() as connection:
        assert (is_alive(connection, "run-1"), is_alive(connection, "run-2")) == (True, False)
    life.end()
    engine.dispose()


def test_what_a_session_was_writing_when_it_was_cut_off_is_gone(postgresql_database: str, postgresql_url: str) -> None:
    engine, renewed = open_engine(postgresql_database), list[bool]()
    life = show_life(engine, "run-1", lambda connection: renewed.append(is_alive(connection, "run-1")))

    def write(*names: str) -> None:
        with life.writing() as connection:
            for name in names:
                if name == "cut":
                    cut_off(postgresql_url, postgresql_database)
                else:
                    connection.execute(insert(runs), [asdict(a_run(name))])

    with pytest.raises(OperationalError):
        write("run-1", "cut", "run-2")
    assert renewed == []
    write("run-3")
    write("run-4")
    assert renewed == [True]
    with engine.connect() as connection:
        assert connection.scalars(select(runs.c.run_id).order_by(runs.c.run_id)).all() == ["run-3", "run-4"]
    life.end()
    engine.dispose()


def test_a_session_that_cannot_be_opened_again_ends_quietly(postgresql_database: str, postgresql_url: str) -> None:
    engine = open_engine(postgresql_database)
    life = show_life(engine, "run-1")
    with database_gone(postgresql_url, postgresql_database):
        for _ in range(2):
            with pytest.raises(OperationalError), life.writing():
                pass
        life.end()
    engine.dispose()


def test_run_whose_session_was_cut_off_shows_life_again(postgresql_database: str, postgresql_url: str) -> None:
    ledger, other = Ledger.open(postgresql_database, a_run()), open_engine(postgresql_database)
    cut_off(postgresql_url, postgresql_database)
    assert not alive(other, ledger.holder)

    async def write() -> None:
        assert await ledger.drained() == set()

    asyncio.run(write())
    assert alive(other, ledger.holder)
    ledger.finish("finished", {})
    for engine in (ledger.engine, other):
        engine.dispose()


def test_run_that_was_found_dead_meanwhile_writes_no_more(postgresql_database: str, postgresql_url: str) -> None:
    ledger = Ledger.open(postgresql_database, a_run())
    cut_off(postgresql_url, postgresql_database)
    later = Ledger.open(postgresql_database, a_run("run-2"))
    assert later.died == ["run-1"]

    async def write() -> None:
        for name in ("page-1", "page-2"):
            with pytest.raises(LostError, match="another process has taken up run run-1"):
                await ledger.schedule(
                    [PageRequest(name, f"https://shop.example/{name}", f"https://shop.example/{name}")]
                )

    asyncio.run(write())
    with later.engine.connect() as connection:
        assert connection.execute(select(pages)).all() == []
    for each in (ledger, later):
        each.leave()
        each.engine.dispose()


def test_run_whose_process_was_killed_is_found_dead_by_the_next(database_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIVE, database_url]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "alive\n"
        meanwhile = Ledger.open(database_url, a_run("run-2"))
        os.kill(process.pid, signal.SIGKILL)
    with meanwhile.engine.connect() as connection:
        (worker,) = connection.scalars(select(workers.c.worker_id).where(workers.c.run_id == "run-1"))
    wait_until(lambda: not alive(meanwhile.engine, worker))
    later, other = Ledger.open(database_url, a_run("run-3")), Ledger.open(database_url, a_run("run-4", site="other"))
    assert (meanwhile.died, later.died, other.died) == ([], ["run-1"], [])
    with later.engine.connect() as connection:
        ends = dict(connection.execute(select(runs.c.run_id, runs.c.finish_reason)).all())
    assert ends == {"run-1": "died", "run-2": None, "run-3": None, "run-4": None}
    for ledger in (meanwhile, later, other):
        ledger.finish("finished", {})
        ledger.engine.dispose()
    assert list(tmp_path.glob("*.alive")) == []
