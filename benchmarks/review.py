"""Measure how long a person waits on the review page between an answer and the next task, with very many open."""

import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import uvicorn
from sqlalchemy import insert

from benchmarks import machine
from benchmarks.databases import fresh_database, reading, server
from benchmarks.reviews import invent_reviews
from tdcrawl import text
from tdcrawl.dedup.sameness import Sameness
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.records.base import digest
from tdcrawl.records.review import REVIEW, Review
from tdcrawl.review import serving
from tdcrawl.review.app import build
from tdcrawl.review.queue import Queue
from tdcrawl.store.engine import Engine, writing
from tdcrawl.store.label_tables import review_tasks, unlabelled
from tdcrawl.store.rows import Row, Run
from tdcrawl.store.tables import outcomes, pages
from tdcrawl.store.terms import Terms
from tdcrawl.store.verify import check_ledger
from tdcrawl.store.waiting import task_row

_TASKS, _ANSWERS = 100_000, 500
_PRIORITIES = (30, 20, 10, 0)
_AT_ONCE = 5_000
_WHY = "votes_disagree"
_HIDDEN = re.compile(r'name="(csrf|task_id)" value="([^"]+)"')


def main() -> None:
    """Answer tasks one after the other on a served page, on both databases, and print what the waiting is like."""
    parser = machine.parser("Milliseconds from an answer to the next task, over HTTP, on SQLite and on PostgreSQL.")
    parser.add_argument("--tasks", type=machine.positive, default=_TASKS, help="tasks that are open at first")
    parser.add_argument("--answers", type=machine.positive, default=_ANSWERS, help="answers a round")
    parser.add_argument("--database-url", metavar="postgresql://…", help="use this server, not one of our own")
    options = parser.parse_args()
    if options.answers * options.rounds >= options.tasks:
        parser.error("--tasks: needs more tasks than answers")
    found: dict[str, dict[str, float]] = {}
    with server(options.database_url) as database_server, tempfile.TemporaryDirectory() as folder:
        for name, where in (("sqlite", None), ("postgresql", database_server)):
            with fresh_database(where, Path(folder)) as database_url, reading(database_url) as engine:
                _fill(engine, options.tasks)
                found[name] = _measure(engine, Path(folder), options.answers, options.rounds)
    figures = {"tasks": options.tasks, "answers": options.answers, "milliseconds": found}
    title = f"Review page: {options.tasks} open tasks, {options.answers} answers a round, medians of {options.rounds}"
    lines = (f"{name:<12} p50 {told['p50']:6.1f} ms   p95 {told['p95']:6.1f} ms" for name, told in found.items())
    machine.report(title, figures, lines, as_json=options.json)


def _measure(engine: Engine, folder: Path, answers: int, rounds: int) -> dict[str, float]:
    with _served(engine, folder) as (host, token):
        client = _Client(host, token)
        told = [client.answer_many(answers) for _ in range(rounds)]
        client.connection.close()
    check = check_ledger(engine)
    if check.problems or check.items["needs_review"] != check.items["yielded"] - answers * rounds:
        machine.fail(f"not every answer was taken: {check}")
    return {name: machine.median_of(told, name) for name in told[0]}


class _Client:
    """Answer as a person's browser does, on one connection."""

    def __init__(self, host: str, token: str) -> None:
        self.connection = HTTPConnection(host)
        self._headers = {"Origin": f"http://{host}", "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", "/login", urlencode({"token": token}), self._headers)
        cookie = self._answer_of().headers["Set-Cookie"]
        self._headers |= {"Cookie": cookie.partition(";")[0], "HX-Request": "true"}
        self.connection.request("GET", "/", headers=self._headers)
        self._form = self._hidden()

    def answer_many(self, number: int) -> dict[str, float]:
        """Answer so many tasks; gives the waits, in milliseconds."""
        waits = []
        for _ in range(number):
            begun = time.perf_counter()
            self.connection.request("POST", "/answer", urlencode(self._form | {"label": "neutral"}), self._headers)
            self._form = self._hidden()
            waits.append((time.perf_counter() - begun) * 1000)
        cut = quantiles(waits, n=20)
        return {"p50": cut[9], "p95": cut[18]}

    def _hidden(self) -> dict[str, str]:
        return dict(_HIDDEN.findall(self._answer_of().body))

    def _answer_of(self) -> "_Answer":
        answer = self.connection.getresponse()
        if answer.status not in {200, 303}:
            machine.fail(f"the page answered {answer.status}")
        return _Answer(dict(answer.getheaders()), answer.read().decode())


class _Answer:
    """Hold what came back."""

    def __init__(self, headers: dict[str, str], body: str) -> None:
        self.headers = {name.title(): value for name, value in headers.items()}
        self.body = body


@contextmanager
def _served(engine: Engine, folder: Path) -> Iterator[tuple[str, str]]:
    sameness = Sameness(REVIEW, 0.8, label_by_rule)
    sameness.open(engine)
    terms = Terms(REVIEW, {}, sameness)
    queue = Queue(engine, Run("review-1", "review", "", "", "0", datetime.now(UTC)), lambda _: terms)
    door = serving.open_door("127.0.0.1", 0, folder)
    (link,) = serving.links(door, "127.0.0.1", folder).values()
    config = uvicorn.Config(build(queue, folder, {"127.0.0.1"}), log_level="error", lifespan="off")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        yield f"127.0.0.1:{door.getsockname()[1]}", link.partition("#")[2]
    finally:
        running.should_exit = True
        thread.join()


def _fill(engine: Engine, tasks: int) -> None:
    """Write items that wait for people, as a crawl would leave them."""
    now = datetime.now(UTC)
    rows = [_row(number, review["text"], now) for number, review in enumerate(invent_reviews(tasks))]
    page = {
        "page_id": "page-1", "run_id": "run-1", "site": "shop", "url": "https://shop.example/", "state": "done",
        "canonical_url": "https://shop.example/", "host": "shop.example", "priority": 0, "position": 0, "request": {},
        "attempts": 1, "items_yielded": tasks, "items_seen_again": 0, "scheduled_at": now,
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(pages), [page])
        for start in range(0, tasks, _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            connection.execute(insert(unlabelled), some)
            connection.execute(insert(outcomes), [_outcome(row, now) for row in some])
            ranked = enumerate(some)
            asked = [task_row(row, _WHY, _PRIORITIES[place % len(_PRIORITIES)]) for place, row in ranked]
            connection.execute(insert(review_tasks), asked)


def _row(number: int, words: str, now: datetime) -> Row:
    record = Review(product_id=str(number // 20), text=words)
    return {
        "item_id": digest(str(number)), "record_type": "review", "site": "shop", "run_id": "run-1", "page_id": "page-1",
        "group_key": record.product_id, "requested_url": "https://shop.example/", "flags": [],
        "canonical_url": "https://shop.example/", "content_hash": text.content_hash(REVIEW.sameness(record)),
        "stratum": "unlabelled", "data": record.model_dump(mode="json"), "scraped_at": now,
    }  # fmt: skip


def _outcome(row: Row, now: datetime) -> Row:
    shared = {name: row[name] for name in ("item_id", "run_id", "page_id", "record_type", "site")}
    return shared | {"bucket": "needs_review", "stage": "label_record", "reason": _WHY, "reopened": 0, "at": now}


if __name__ == "__main__":
    main()
