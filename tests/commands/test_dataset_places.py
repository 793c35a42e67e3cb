"""`scrapy dataset` and S3: killed in the middle of an upload, refused in one line, loaded with the lines it prints."""

import json
import os
import runpy
import signal
import subprocess
from pathlib import Path

import moto.settings
import pandas as pd
import pytest

from tests.buckets import KEY, SECRET, Bucket
from tests.conftest import RunScrapy
from tests.datasets.corpus import a_review, collect
from tests.services import free_port

IN_AN_UPLOAD = ["upload_file"]


@pytest.fixture(autouse=True)
def collected(tmp_path: Path) -> None:
    """Collect 60 reviews into the database that `run_scrapy` uses."""
    (tmp_path / "data").mkdir()
    collect(f"sqlite:///{tmp_path}/data/tdcrawl.db", [a_review(number) for number in range(60)]).dispose()


def error_line(finished: "subprocess.CompletedProcess[str]", status: int = 1) -> str:
    """Read the one line that a refused command says, which tells nothing secret."""
    assert (finished.returncode, finished.stdout) == (status, "")
    (line,) = finished.stderr.splitlines()
    assert SECRET not in line
    assert KEY not in line
    return line


@pytest.mark.parametrize("turn", [1, 4, 6])
def test_freeze_when_it_was_killed_in_the_middle_of_the_upload(
    run_scrapy: RunScrapy, bucket: Bucket, tmp_path: Path, turn: int
) -> None:
    freeze = ("dataset", "freeze", "v1", "--to", bucket.uri)
    fault = {"TDCRAWL_FAULT": f"upload_file:{turn}:kill9", "TMPDIR": str(tmp_path)}
    assert run_scrapy(*freeze, **fault).returncode == -signal.SIGKILL
    there = bucket.content("v1")
    assert len(there) == turn - 1
    assert "manifest.json" not in there
    verified = run_scrapy("dataset", "verify", "v1")
    assert (verified.returncode, verified.stdout) == (1, f"✗ {bucket.uri}/v1/manifest.json is missing\n")
    again = run_scrapy(*freeze)
    assert again.returncode == 0, again.stderr
    assert run_scrapy("dataset", "verify", "v1").returncode == 0
    assert run_scrapy("dataset", "verify", "v1", "--at", bucket.uri).returncode == 0
    assert "v1 is frozen and never changes" in error_line(run_scrapy(*freeze))


def test_freeze_prints_three_lines_that_load_it(
    run_scrapy: RunScrapy, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = []
    monkeypatch.chdir(tmp_path)
    for number, place in enumerate((f"{bucket.uri}/sets", str(tmp_path / "sets")), start=1):
        frozen = run_scrapy("dataset", "freeze", f"v{number}", "--to", place)
        assert frozen.stderr == ""
        told, _, lines = frozen.stdout.partition("Load it:\n")
        assert f"rows in {place}/v{number}" in told
        assert len(lines.splitlines()) == 3
        Path("load.py").write_text(lines, encoding="utf-8")
        train: pd.DataFrame = runpy.run_path("load.py")["train"]
        rows.append(len(train))
        copied = run_scrapy("dataset", "export", f"v{number}", "--to", str(tmp_path / "copy"))
        assert "Load it:\nimport pandas" in copied.stdout
    assert rows[0] == rows[1] > 0


@pytest.mark.parametrize("command", ["freeze", "export"])
def test_dataset_when_there_is_no_such_bucket(run_scrapy: RunScrapy, bucket: Bucket, command: str) -> None:
    if command == "export":
        run_scrapy("dataset", "freeze", "v1")
    said = error_line(run_scrapy("dataset", command, "v1", "--to", f"{bucket.uri}-gone/sets"))
    assert said == f"cannot read {bucket.uri}-gone/sets/v1: there is no such bucket; make it first"
    listed = run_scrapy("dataset", "list").stdout
    assert ("no version was frozen yet" in listed) == (command == "freeze")


def test_verify_when_the_place_cannot_be_read_says_so_and_looks_at_the_rest(
    run_scrapy: RunScrapy, bucket: Bucket
) -> None:
    run_scrapy("dataset", "freeze", "v1", "--to", bucket.uri)
    gone = f"cannot read {bucket.uri}-gone/v1: there is no such bucket; make it first"
    verified = run_scrapy("dataset", "verify", "v1", "--at", f"{bucket.uri}-gone")
    assert (verified.returncode, verified.stdout, verified.stderr) == (1, f"✗ {gone}\n", "")
    nowhere = f"http://127.0.0.1:{free_port()}"
    whole = run_scrapy("verify", "--json", AWS_ENDPOINT_URL_S3=nowhere)
    assert whole.returncode == 1
    told = json.loads(whole.stdout)
    assert told["balanced"]
    assert told["datasets"]["v1"][0].startswith(f"cannot read {bucket.uri}/v1: nobody answers there")


def test_freeze_when_nobody_answers(run_scrapy: RunScrapy, bucket: Bucket) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    said = error_line(run_scrapy("dataset", "freeze", "v1", "--to", bucket.uri, AWS_ENDPOINT_URL_S3=nowhere))
    assert said == (
        f"cannot read {bucket.uri}/v1: nobody answers there; AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL says where S3 is, "
        "else it is Amazon's"
    )


def test_freeze_when_the_credentials_are_wrong(
    run_scrapy: RunScrapy, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    # From its next request on it lets nobody in whose key it did not give out.
    monkeypatch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    said = error_line(run_scrapy("dataset", "freeze", "v1", "--to", bucket.uri))
    assert said == (
        f"cannot read {bucket.uri}/v1: the credentials are missing, wrong or out of date; set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    )
    assert "no version was frozen yet" in run_scrapy("dataset", "list").stdout


def test_credentials_are_read_from_a_profile(run_scrapy: RunScrapy, bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(f"[other]\naws_access_key_id={KEY}\naws_secret_access_key={SECRET}\n")
    without = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "other"}
    frozen = run_scrapy("dataset", "freeze", "v1", "--to", bucket.uri, "--json", **without)
    assert frozen.returncode == 0, frozen.stderr
    assert json.loads(frozen.stdout)["location"] == f"{bucket.uri}/v1"
    assert "manifest.json" in bucket.content("v1")


@pytest.mark.parametrize(
    "name", ["s3:/bucket", "s3://", "s3://bucket/a//b", "s3://bucket/..", "s3://bucket/a?x", "gs://b/c", "file://x/y"]
)
def test_place_that_is_none_is_refused(run_scrapy: RunScrapy, name: str) -> None:
    refused = run_scrapy("dataset", "freeze", "v1", "--to", name)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"--to: {name!r} is no place to keep files in: a folder, or s3://bucket/prefix" in refused.stderr


def test_place_with_a_secret_in_it_is_refused_without_telling_it(run_scrapy: RunScrapy) -> None:
    refused = run_scrapy("dataset", "freeze", "v1", "--to", f"s3://{KEY}:hushhush@bucket/x")
    assert refused.returncode == 2
    assert "hushhush" not in refused.stderr
    assert KEY not in refused.stderr
    assert "belong into AWS_ACCESS_KEY_ID" in refused.stderr


def test_place_may_be_a_file_address(run_scrapy: RunScrapy, tmp_path: Path) -> None:
    frozen = run_scrapy("dataset", "freeze", "v1", "--to", (tmp_path / "a b").as_uri(), "--json")
    assert json.loads(frozen.stdout)["location"] == str(tmp_path / "a b" / "v1")
    assert run_scrapy("dataset", "verify", "v1", "--at", os.fspath(tmp_path / "a b")).returncode == 0
