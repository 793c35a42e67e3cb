"""A real Scrapyd: the egg holds all it needs, and a job that was cancelled goes on when it is scheduled again."""

import json
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPBasicAuthHandler, HTTPPasswordMgrWithDefaultRealm, build_opener

import pytest
from scrapy.settings import Settings
from sqlalchemy import select

from tdcrawl import deployment
from tdcrawl.checkup import Finding, examine
from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.server import ShopServer, serving
from tdcrawl.store.engine import open_engine
from tdcrawl.store.tables import outcomes, runs
from tdcrawl.store.verify import check_ledger
from tests.conftest import PROJECT
from tests.services import FARTHER, answers, free_port
from tests.waiting import wait_until

# They share a server, which takes seconds to start.
pytestmark = pytest.mark.xdist_group("scrapyd")

USER, PASSWORD = "tester", "sesame"
# Not among the addresses of loopback, though it leads there.
NOT_LOOPBACK = "0.0.0.0"  # noqa: S104 - nothing is bound to it
IN_THE_EGG = ("tdcrawl", "setup.py", "pyproject.toml", "README.md", "requirements.in")


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    """Open the practice shop."""
    with serving(practice_shop()) as server:
        yield server


@dataclass(frozen=True)
class Scrapyd:
    """Hold a running server: where it is, and where it keeps its things."""

    folder: Path
    url: str

    def ask(self, what: str, **arguments: Any) -> dict[str, Any]:
        """Ask it over HTTP, as a user with the password."""
        passwords = HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, self.url, USER, PASSWORD)
        opener = build_opener(HTTPBasicAuthHandler(passwords))
        told = urlencode({"project": "tdcrawl", **arguments}, doseq=True)
        address = f"{self.url}{what}.json"
        # What changes something is posted.
        answer = opener.open(f"{address}?{told}") if what.startswith("list") else opener.open(address, told.encode())
        with answer:
            return dict(json.load(answer))


@contextmanager
def serving_jobs(folder: Path, **env: str) -> Iterator[Scrapyd]:
    """Run Scrapyd as docs/scrapyd.conf says."""
    port = free_port()
    conf = (PROJECT / "docs/scrapyd.conf").read_text().replace("6800", str(port))
    (folder / "scrapyd.conf").write_text(conf.replace("poll_interval = 5", "poll_interval = 0.2"))
    environment = os.environ | {"TDCRAWL_DATA_DIR": str(folder / "data")} | env
    with (folder / "scrapyd.log").open("w+") as log:
        command = [str(Path(sys.executable).with_name("scrapyd"))]
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            wait_until(lambda: "Scrapyd web console available" in log_of(server, folder))
            yield Scrapyd(folder, f"http://127.0.0.1:{port}/")
        finally:
            server.terminate()
            server.wait()


def log_of(server: "subprocess.Popen[bytes]", folder: Path) -> str:
    """Read what a server that still runs has said."""
    said = (folder / "scrapyd.log").read_text()
    assert server.poll() is None, said
    return said


@pytest.fixture(scope="module")
def scrapyd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scrapyd]:
    """Run Scrapyd behind a password, with the project deployed."""
    folder = tmp_path_factory.mktemp("scrapyd")
    with serving_jobs(folder, SCRAPYD_USERNAME=USER, SCRAPYD_PASSWORD=PASSWORD) as server:
        deploy(folder / "project", server.url)
        yield server


@pytest.fixture(scope="module")
def open_scrapyd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scrapyd]:
    """Run Scrapyd without a password and without our project."""
    with serving_jobs(tmp_path_factory.mktemp("open")) as server:
        yield server


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


def wait_until_finished(scrapyd: Scrapyd, job: str) -> None:
    wait_until(lambda: job in {each["id"] for each in scrapyd.ask("listjobs")["finished"]})


def test_a_job_that_was_cancelled_goes_on_when_it_is_scheduled_again(scrapyd: Scrapyd, shop: ShopServer) -> None:
    def schedule(delay: float) -> str:
        told = {"spider": "retailer_reviews", "site": "demo_store", "start": f"{shop.base_url}/catalogue"}
        return str(scrapyd.ask("schedule", **told, setting=[f"DOWNLOAD_DELAY={delay}", "RETRY_TIMES=0"])["jobid"])

    cancelled = schedule(0.3)
    wait_until(lambda: shop.hits.total() >= 10)
    scrapyd.ask("cancel", job=cancelled)
    wait_until_finished(scrapyd, cancelled)
    hits = shop.hits.copy()
    wait_until_finished(scrapyd, schedule(0))
    engine = open_engine(f"sqlite:///{scrapyd.folder}/data/tdcrawl.db")
    with engine.connect() as connection:
        (run,) = connection.execute(select(runs)).mappings()
        items = len(connection.scalars(select(outcomes.c.item_id)).all())
    check = check_ledger(engine)
    engine.dispose()
    reviews = sum(len(product.reviews) for product in practice_shop().products)
    assert 10 <= hits.total() < shop.hits.total()
    assert (run["finish_reason"], check.problems, check.items["pending"], items) == ("finished", [], 0, reviews)
    feeds = {path.name for path in (scrapyd.folder / "data" / "runs" / run["run_id"]).iterdir()}
    assert feeds == {"failed_records.jsonl", "records.parquet"}


def examined(monkeypatch: pytest.MonkeyPatch, folder: Path, *deploy: str) -> Finding:
    """Ask the doctor about the server that a scrapy.cfg of these lines names."""
    (folder / "scrapy.cfg").write_text("\n".join(["[deploy:srv]", *deploy]))
    monkeypatch.chdir(folder)
    settings = Settings()
    settings.setmodule("tdcrawl.settings", priority="project")
    (found,) = [finding for finding in examine(settings) if finding.part == "scrapyd srv"]
    assert PASSWORD not in found.detail
    return found


SERVICES = ("daemonstatus", "listprojects", "listversions", "listspiders", "listjobs", "status", "schedule", "cancel",
            "addversion", "delversion", "delproject")  # fmt: skip
PAGES = ("", "jobs", "logs/", "items/")


@pytest.mark.attack(
    "Scrapyd without the password, by every service and page", "401", cases=2 * (len(SERVICES) + len(PAGES))
)
def test_server_lets_nobody_in_without_the_password(scrapyd: Scrapyd) -> None:
    for path in (*(f"{service}.json" for service in SERVICES), *PAGES):
        for headers in ([], [("Authorization", f"Basic {b64encode(b'tester:guess').decode()}")]):
            stranger = build_opener()
            stranger.addheaders = headers
            for content in (None, b"project=tdcrawl&spider=retailer_reviews"):
                with pytest.raises(HTTPError) as refused:
                    stranger.open(scrapyd.url + path, content)
                assert refused.value.code == 401, path
                refused.value.close()
    assert not answers(FARTHER, urlsplit(scrapyd.url).port or 0)
    assert {job["spider"] for what in ("pending", "running") for job in scrapyd.ask("listjobs")[what]} == set()


@pytest.mark.attack("a path as the name of a project, a version or a job of Scrapyd", "refused", cases=4)
def test_server_leaves_its_folders_for_nobody(scrapyd: Scrapyd) -> None:
    secret = scrapyd.folder / "secret.egg"
    secret.write_bytes(b"kept")
    for service, told in (
        ("listspiders", {"project": "../secret"}),
        ("delversion", {"project": "..", "version": "secret"}),
        ("delproject", {"project": "../"}),
        ("schedule", {"project": "../secret", "spider": "retailer_reviews"}),
    ):
        assert scrapyd.ask(service, **told)["status"] == "error", service
    assert secret.read_bytes() == b"kept"


def test_doctor_when_the_project_is_on_a_server(
    scrapyd: Scrapyd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_OF_SRV", PASSWORD)
    url, who = f"url = {scrapyd.url}", (f"username = {USER}", "password = ${SECRET_OF_SRV}")
    found = examined(monkeypatch, tmp_path, url, "project = tdcrawl", *who)
    (version,) = scrapyd.ask("listversions")["versions"]
    assert found == Finding("scrapyd srv", "ok", f"{scrapyd.url} has tdcrawl, version {version}, behind a password")
    found = examined(monkeypatch, tmp_path, url, "project = other", *who)
    assert (found.state, found.detail) == ("off", f"{scrapyd.url} has no project other")
    assert found.remedy == "scrapyd-deploy srv"
    found = examined(monkeypatch, tmp_path, url)
    assert (found.state, found.detail) == ("off", f"{scrapyd.url} asks for a password")
    found = examined(monkeypatch, tmp_path, url, who[0], "password = wrong")
    assert (found.state, found.detail) == ("broken", f"{scrapyd.url} refuses the user and password of scrapy.cfg")


@pytest.mark.attack("a Scrapyd open to the network", "said by doctor")
def test_doctor_when_a_server_is_open(open_scrapyd: Scrapyd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(deployment, "_own_address", lambda: None)
    found = examined(monkeypatch, tmp_path, f"url = {open_scrapyd.url}")
    assert (found.state, found.detail) == ("off", f"{open_scrapyd.url} has no project tdcrawl")
    exposed = open_scrapyd.url.replace("127.0.0.1", NOT_LOOPBACK)
    danger = ("broken", f"whoever reaches {exposed} can run code there: it asks for no password")
    found = examined(monkeypatch, tmp_path, f"url = {exposed}")
    assert (found.state, found.detail) == danger
    monkeypatch.setattr(deployment, "_own_address", lambda: NOT_LOOPBACK)
    found = examined(monkeypatch, tmp_path, f"url = {open_scrapyd.url}")
    assert (found.state, found.detail) == danger


@pytest.mark.parametrize(
    ("deploy", "detail"),
    [
        (["url = http://127.0.0.1:1/"], "no Scrapyd answers at http://127.0.0.1:1/daemonstatus.json"),
        (
            [f"url = http://{USER}:{PASSWORD}@127.0.0.1:1/"],
            "no Scrapyd answers at http://***@127.0.0.1:1/daemonstatus.json",
        ),
        (["url = file:///etc/"], "file:///etc/daemonstatus.json is no web address"),
        (["url = {shop}"], "/daemonstatus.json answers HTTP 404"),
    ],
)
def test_doctor_when_no_server_answers(
    shop: ShopServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, deploy: list[str], detail: str
) -> None:
    found = examined(monkeypatch, tmp_path, *(line.format(shop=shop.base_url) for line in deploy))
    assert found.state == "broken"
    assert detail in found.detail
