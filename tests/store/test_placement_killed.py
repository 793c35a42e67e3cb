"""A process that dies between record and index leaves neither; the item is taken up as if it had never been written."""

import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from tdcrawl.store.engine import open_engine
from tdcrawl.store.label_tables import labels
from tdcrawl.store.tables import dedup_bands, outcomes, records
from tests.conftest import PROJECT

# Where the transaction is cut: after the record was inserted, and after its entry was.
KILLED_BEFORE_INDEX = "bands.add = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"
KILLED_AFTER_INDEX = "Seats.write = lambda _: os.kill(os.getpid(), signal.SIGKILL)"
SCRIPT = """
import asyncio, os, signal, sys
from tdcrawl.store import bands
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.seats import Seats
from tests.builders import a_run, an_item, terms

async def crawl(ledger):
    await ledger.schedule([PageRequest("page-1", "https://shop.example/p", "https://shop.example/p")])
    await ledger.take("page-1", [an_item()], 0)
    agreed = terms(ledger.engine)
    exec(sys.argv[2])
    await ledger.accept(an_item(), agreed)

asyncio.run(crawl(Ledger.open(sys.argv[1], a_run())))
"""


@pytest.mark.parametrize("kill", [KILLED_BEFORE_INDEX, KILLED_AFTER_INDEX])
def test_a_kill_between_record_and_index_leaves_neither(database_url: str, kill: str) -> None:
    command = [sys.executable, "-c", SCRIPT, database_url, kill]
    killed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    engine = open_engine(database_url)
    with engine.connect() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table)) for table in (records, dedup_bands, labels)
        ]
        assert counts == [0, 0, 0]
        assert connection.scalars(select(outcomes.c.bucket)).all() == ["pending"]
    engine.dispose()
