"""The review page as it is served, and browsers to open it with."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tdcrawl.records.base import TrainingItem
from tdcrawl.rendering import find_browser
from tdcrawl.review import serving
from tdcrawl.review.app import build
from tdcrawl.review.queue import Queue
from tdcrawl.review.tokens import TOKENS_FILE
from tests.reviewing import a_queue, ask

TOKENS = {name: f"{name}-" + "x" * 40 for name in ("ann", "ben", "cat")}


@dataclass
class Desk:
    """Hold a served review page: where it is, and the queue behind it."""

    queue: Queue
    host: str

    def request(
        self, method: str, path: str, form: Mapping[str, object] | None = None, **headers: str
    ) -> tuple[int, Mapping[str, str], str]:
        """Ask for something as no browser would; gives status, headers and body."""
        connection = HTTPConnection(self.host, timeout=20)
        own = {"Origin": f"http://{self.host}", "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form or {}) if method == "POST" else None
        connection.request(method, path, body, own | {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        told = answer.status, dict(answer.getheaders()), answer.read().decode()
        connection.close()
        return told

    def log_in(self, reviewer: str) -> str:
        """Log in without a browser; gives the cookie."""
        status, headers, _ = self.request("POST", "/login", {"token": TOKENS[reviewer]})
        assert status == 303
        return headers["set-cookie"].partition(";")[0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start one Chromium for the tests of a module."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find_browser())
        yield started
        started.close()


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Serve the review page with tasks about these items."""
    opened = []

    def serve(items: Iterable[TrainingItem], wanted: int = 1) -> Desk:
        engine = ask(f"sqlite:///{tmp_path}/review.db", items, wanted=wanted)
        served = _serving(a_queue(engine), tmp_path)
        opened.append((served, engine))
        return served.__enter__()

    yield serve
    for served, engine in opened:
        served.__exit__(None, None, None)
        engine.dispose()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open the review page as a person who follows their link; what the browser complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def page_of(desk: Desk, reviewer: str) -> Page:
        context = browser.new_context()
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.goto(f"http://{desk.host}/login#{TOKENS[reviewer]}")
        page.wait_for_selector("#task")
        return page

    yield page_of
    for context in contexts:
        context.close()
    # That the server refused something is told on the page, where a test looks for it.
    assert [complaint for complaint in complaints if "503" not in complaint] == []


@contextmanager
def _serving(queue: Queue, data_dir: Path) -> Iterator[Desk]:
    path = data_dir / TOKENS_FILE
    path.write_text("".join(f"{name} {token}\n" for name, token in TOKENS.items()))
    os.chmod(path, 0o600)  # noqa: PTH101 - as a person would
    door = serving.open_door("127.0.0.1", 0, data_dir)
    config = uvicorn.Config(build(queue, data_dir, {"127.0.0.1"}), log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        yield Desk(queue, f"127.0.0.1:{door.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join()
        door.close()
