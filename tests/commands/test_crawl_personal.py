"""A crawl of reviews full of personal data: no sink gets any, but the archive, which holds pages as they came."""

import gzip
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tdcrawl.settings import ITEM_PIPELINES
from tests.commands.conftest import Crawled, a_review, review_page
from tests.conftest import RunScrapy
from tests.messages_server import MessagesServer

PLANTED = {
    "email": "planted.jane@mail.example",
    "account": "DE89 3704 0044 0532 0130 00",
    "order": "771-8812345",
    "card": "4111 1111 1111 1111",
    "phone": "0171 3920055",
}
AUTHOR, HANDLE = "Jane Plantedname", "planted_jane"
SAID = "mail {email}, IBAN {account}, order number {order}, card {card}, call {phone}"
MASKED = SAID.format(**{kind: f"[{kind}]" for kind in PLANTED})
NEEDLES = [needle.encode() for needle in (*PLANTED.values(), AUTHOR, HANDLE)]
STAGE = """
from tdcrawl.pipelines.base import Stage

class TellTale(Stage):
    name = "tell_tale"

    def process_item(self, item):
        if item.raw["text"].startswith("review 5:"):
            raise RuntimeError(f"{item.raw}")
        return item
"""


def said(number: int, **changes: Any) -> dict[str, Any]:
    """Build a review in which everything is somebody's; none is like another."""
    words = " ".join(f"w{number}x{place}" for place in range(99))
    text = f"review {number}: {SAID.format(**PLANTED)} {words}"
    return a_review(number, author=AUTHOR, name=f"@{HANDLE}, {PLANTED['email']}", reviewBody=text) | changes


def test_crawl_hides_personal_data_from_the_model_the_feeds_the_log_the_database_and_all_exports(
    crawl_pages: Callable[..., Crawled], server: MessagesServer, run_scrapy: RunScrapy, tmp_path: Path
) -> None:
    (tmp_path / "tell_tale.py").write_text(STAGE)
    (tmp_path / "data").mkdir()
    crawled = crawl_pages(
        {"/": review_page(
            said(1), said(2, reviewRating=None), said(1, identifier="R3"),
            said(4, reviewRating=SAID.format(**PLANTED)), said(5),
        )},
        "-s", "LOG_LEVEL=DEBUG", "-s", f"LOG_FILE={tmp_path}/data/crawl.log", "-s", "TDCRAWL_TELL_TALE_ENABLED=true",
        "-s", f"ITEM_PIPELINES={json.dumps({**ITEM_PIPELINES, 'tell_tale.TellTale': 150})}",
        TDCRAWL_LABEL_BUDGET_USD="1", PYTHONPATH=str(tmp_path), **server.env,
    )  # fmt: skip
    assert crawled.figures["reasons"] == {
        "duplicate": {"exact_duplicate": 1}, "failed": {"stage_error": 1, "wrong_type": 1},
    }  # fmt: skip
    assert crawled.figures["items"]["record"] == 2
    frozen = run_scrapy("dataset", "freeze", "v1", "--format", "csv", "--accept", "open_failures", "--balance", "none")
    report = run_scrapy("report", "--html", str(tmp_path / "data" / "report.html"))
    assert (frozen.returncode, report.returncode) == (0, 0), frozen.stderr + report.stderr
    sinks = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    kept = {str(path.relative_to(tmp_path / "data")): unpacked(path) for path in sinks}
    kept["the model"] = json.dumps(server.calls, ensure_ascii=False).encode()
    kept["the terminal"] = f"{crawled.errors}{crawled.figures}{frozen}{report}".encode()
    (archived,) = (name for name in kept if name.startswith("archive/"))
    assert [name for name, content in kept.items() if any(needle in content for needle in NEEDLES)] == [archived]
    assert all(needle in kept[archived] for needle in NEEDLES)
    shown = {Path(name).name for name, content in kept.items() if MASKED.encode() in content}
    assert shown == {
        "the model", "crawl.log", "failed_records.jsonl", "tdcrawl.db", "records.parquet", "part-00000.parquet",
        "part-00000.csv",
    }  # fmt: skip
    card = kept["datasets/v1/README.md"].decode()
    assert ": e-mail addresses (2), accounts (2), order numbers (2), card numbers (2), phone numbers (2)." in card
    assert {"report.html", "datasets/v1/manifest.json", "datasets/v1/croissant.json", "the terminal"} <= kept.keys()


def unpacked(path: Path) -> bytes:
    """Read a file as those do whom it is for."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content)
    if path.suffix == ".parquet":
        return content + repr(pq.read_table(path).to_pylist()).encode()
    if path.suffix == ".db":
        with sqlite3.connect(path) as connection:
            return content + "\n".join(connection.iterdump()).encode()
    return content
