"""A real Scrapyd: the egg holds all it needs, and a job that was cancelled goes on when it is scheduled again."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPBasicAuthHandler, HTTPPasswordMgrWithDefaultRealm, build_opener

import pytest
from sqlalchemy import select

from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.server import ShopServer, serving
from tdcrawl.store.engine import open_engine
from tdcrawl.store.tables import outcomes, runs
from tdcrawl.store.verify import check_ledger
from tests.conftest import PROJECT
from tests.services import free_port

USER, PASSWORD = "tester", "sesame"
IN_THE_EGG = ("tdcrawl", "setup.py", "pyproject.toml", "README.md", "requirements.in")

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    """Open the practice shop."""
    with serving(practice_shop()) as server:
        yield server


@pytest.fixture
def scrapyd(tmp_path: Path) -> Iterator[Ask]:
    """Run Scrapyd as docs/scrapyd.conf says, with the project deployed; ask it over HTTP."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    conf = (PROJECT / "docs/scrapyd.conf").read_text().replace("6800", str(port))
    (tmp_path / "scrapyd.conf").write_text(conf.replace("poll_interval = 5", "poll_interval = 0.2"))
    who = {"SCRAPYD_USERNAME": USER, "SCRAPYD_PASSWORD": PASSWORD}
    env = os.environ | who | {"TDCRAWL_DATA_DIR": str(tmp_path / "data")}
    passwords = HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, url, USER, PASSWORD)
    opener = build_opener(HTTPBasicAuthHandler(passwords))

    def ask(what: str, **arguments: Any) -> dict[str, Any]:
        told = urlencode({"project": "tdcrawl", **arguments}, doseq=True)
        address = f"{url}{what}.json"
        # What changes something is posted.
        answer = opener.open(f"{address}?{told}") if what == "listjobs" else opener.open(address, told.encode())
        return dict(json.load(answer))

    with (tmp_path / "scrapyd.log").open("w+") as log:
        command = [str(Path(sys.executable).with_name("scrapyd"))]
        server = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=log, stderr=log)
        try:
            while "Scrapyd web console available" not in (tmp_path / "scrapyd.log").read_text():
                assert server.poll() is None, (tmp_path / "scrapyd.log").read_text()
            deploy(tmp_path / "project", url)
            yield ask
        finally:
            server.terminate()
            server.wait()


def deploy(folder: Path, url: str) -> None:
    folder.mkdir()
    for name in IN_THE_EGG:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, folder / name)
    (folder / "scrapy.cfg").write_text(
        f"[settings]\ndefault = tdcrawl.settings\n[deploy]\nurl = {url}\nproject = tdcrawl\n"
        f"username = {USER}\npassword = {PASSWORD}\n"
    )
    command = [str(Path(sys.executable).with_name("scrapyd-deploy"))]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert '"status": "ok"' in finished.stdout, finished.stdout + finished.stderr


def wait_until_finished(ask: Ask, job: str) -> None:
    while job not in {each["id"] for each in ask("listjobs")["finished"]}:
        pass


def test_a_job_that_was_cancelled_goes_on_when_it_is_scheduled_again(
    scrapyd: Ask, shop: ShopServer, tmp_path: Path
) -> None:
    def schedule(delay: float) -> str:
        told = {"spider": "retailer_reviews", "site": "demo_store", "start": f"{shop.base_url}/catalogue"}
        return str(scrapyd("schedule", **told, setting=[f"DOWNLOAD_DELAY={delay}", "RETRY_TIMES=0"])["jobid"])

    cancelled = schedule(0.3)
    while shop.hits.total() < 10:
        pass
    scrapyd("cancel", job=cancelled)
    wait_until_finished(scrapyd, cancelled)
    hits = shop.hits.copy()
    wait_until_finished(scrapyd, schedule(0))
    engine = open_engine(f"sqlite:///{tmp_path}/data/tdcrawl.db")
    with engine.connect() as connection:
        (run,) = connection.execute(select(runs)).mappings()
        items = len(connection.scalars(select(outcomes.c.item_id)).all())
    check = check_ledger(engine)
    engine.dispose()
    reviews = sum(len(product.reviews) for product in practice_shop().products)
    assert 10 <= hits.total() < shop.hits.total()
    assert (run["finish_reason"], check.problems, check.items["pending"], items) == ("finished", [], 0, reviews)
    feeds = {path.name for path in (tmp_path / "data" / "runs" / run["run_id"]).iterdir()}
    assert feeds == {"failed_records.jsonl", "records.parquet"}
