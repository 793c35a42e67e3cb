"""`scrapy review`: it says where it is, serves until it is told to end, and exchanges files."""

import json
import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tdcrawl.review.tokens import TOKENS_FILE
from tests.conftest import PROJECT, RunScrapy
from tests.reviewing import ask, unnamed


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Make the data folder of a project in which two records wait for people."""
    folder = tmp_path / "data"
    ask(f"sqlite:///{folder}/tdcrawl.db", [unnamed("one"), unnamed("two")]).dispose()
    return folder


def test_review_prints_a_link_that_logs_in_and_serves_until_it_is_told_to_end(data_dir: Path) -> None:
    command = [sys.executable, "-m", "scrapy", "review", "--port", "0", "--json"]
    env = os.environ | {"TDCRAWL_DATA_DIR": str(data_dir)}
    with subprocess.Popen(command, cwd=PROJECT, env=env, text=True, stdout=-1, stderr=-1) as process:
        assert process.stderr
        reviewer, _, link = process.stderr.readline().strip().partition(": ")
        place = urlsplit(link)
        connection = HTTPConnection(place.netloc)
        headers = {"Origin": f"http://{place.netloc}", "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/login", urlencode({"token": place.fragment}), headers)
        assert connection.getresponse().status == 303
        connection.close()
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate()
    assert (reviewer, process.returncode, stderr) == ("reviewer", 0, "")
    assert json.loads(stdout) == {"open": 2, "decided": 0}
    assert (data_dir / TOKENS_FILE).stat().st_mode & 0o777 == 0o600


def test_review_exchanges_tasks_with_label_studio(data_dir: Path, run_scrapy: RunScrapy) -> None:
    file = data_dir / "tasks.json"
    exported = run_scrapy("review", "--export", str(file), "--json")
    assert (exported.returncode, json.loads(exported.stdout)) == (0, {"exported": 2, "file": str(file)})
    sent = json.loads(file.read_text())
    assert [task["id"] for task in sent] == [1, 2]
    sent[0]["annotations"] = [{"result": [{"value": {"choices": ["positive"]}}], "completed_by": {"email": "ann"}}]
    file.write_text(json.dumps(sent))
    imported = run_scrapy("review", "--import", str(file), "--json")
    assert json.loads(imported.stdout) == {"imported": 1, "passed_over": {}, "file": str(file)}
    verified = run_scrapy("verify", "--json")
    assert json.loads(verified.stdout)["items"]["record"] == 1


def test_review_is_not_served_to_others_before_somebody_has_seen_the_tokens(run_scrapy: RunScrapy) -> None:
    refused = run_scrapy("review", "--host", "127.0.0.2", "--port", "0")
    assert refused.returncode == 2
    assert refused.stderr == "--host 127.0.0.2: the token file was only made now; look at it, and start again\n"
