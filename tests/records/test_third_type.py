"""A third record type is one file: found by its folder, crawled by a spider of its own, labelled by its rule."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import Page, hand_made
from tests.conftest import PROJECT

THIRD = '''
"""A question that somebody asked about a product, and whether it was answered."""

from tdcrawl.records import base
from tdcrawl.records.base import Kind, Record, RecordType


class Question(Record):
    """Hold one question."""

    question_id: str
    text: str
    answer: str | None = None


def _answered(question):
    return "answered" if question.answer else "open"


QUESTION = RecordType(
    name="question",
    spider="shop_questions",
    model=Question,
    fields={
        "question_id": base.Field(Kind.IDENTIFIER, "question_id", ("@id", "url")),
        "text": base.Field(Kind.TEXT, "text", ("text", "name")),
        "answer": base.Field(Kind.NAME, "answer", ("acceptedAnswer.text",)),
    },
    schema_types=frozenset({"Question"}),
    group_field="question_id",
    native_id_field="question_id",
    identity_fields=("text",),
    person_fields={},
    masked_fields=("text", "answer"),
    columns=("record_id", "text", "answer", "label", "source", "url", "scraped_at", "split", "sample_weight"),
    labels=("answered", "open"),
    rule_version="question-1",
    same_text=lambda question: question.text,
    preference=lambda question, normalised: (question.answer is None, normalised),
    rule=_answered,
)
'''
SITE = """
record_type = "question"
allowed_domains = ["127.0.0.1"]
start.urls = ["http://127.0.0.1/"]
read.reader = "schema_org"
polite.DOWNLOAD_DELAY = 0
"""
ASKED = [
    {"@type": "Question", "@id": "#1", "text": "Does it whistle?", "acceptedAnswer": {"text": "It does, softly."}},
    {"@type": "Question", "@id": "#2", "text": "Does it fit on a camping stove?"},
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Lay the project out anew, with one more file among the record types."""
    (tmp_path / "tdcrawl").mkdir()
    for path in [PROJECT / "scrapy.cfg", *(PROJECT / "tdcrawl").iterdir()]:
        if path.name != "records":
            (tmp_path / path.relative_to(PROJECT)).symlink_to(path)
    shutil.copytree(PROJECT / "tdcrawl" / "records", tmp_path / "tdcrawl" / "records")
    (tmp_path / "tdcrawl" / "records" / "question.py").write_text(THIRD)
    (tmp_path / "shop.toml").write_text(SITE)
    return tmp_path


def test_third_type_is_crawled_and_frozen_when_its_one_file_is_there(project: Path) -> None:
    def scrapy(*arguments: str) -> str:
        command, env = [sys.executable, "-m", "scrapy", *arguments], os.environ | {"TDCRAWL_DATA_DIR": str(project)}
        return subprocess.run(command, cwd=project, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout

    with hand_made({"/": Page(f'<script type="application/ld+json">{json.dumps(ASKED)}</script>')}) as shop:
        assert scrapy("list").split() == ["job_postings", "retailer_reviews", "shop_questions"]
        crawled = scrapy("crawl", "shop_questions", "--json", "-a", "site=shop.toml", "-a", f"start={shop}/")
    scrapy("dataset", "freeze", "v1", "--type", "question", "--format", "csv")
    assert json.loads(crawled)["strata"] == {"answered": 1, "open": 1}
    frozen = "".join(path.read_text() for path in (project / "datasets" / "v1").rglob("*.csv"))
    assert "Does it fit on a camping stove?" in frozen
