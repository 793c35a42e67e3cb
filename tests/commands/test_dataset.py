"""`scrapy dataset`: a version from its freeze to the byte that somebody changed."""

import json
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tdcrawl.commands._freeze import FREEZE
from tdcrawl.commands._versions import SHOW
from tdcrawl.datasets.listing import one_version
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.version import freeze
from tests.conftest import RunScrapy
from tests.datasets.corpus import a_review, collect


@pytest.fixture
def collected(tmp_path: Path) -> None:
    """Collect 200 reviews into the database that `run_scrapy` uses."""
    (tmp_path / "data").mkdir()
    collect(f"sqlite:///{tmp_path}/data/tdcrawl.db", [a_review(number) for number in range(200)]).dispose()


def answer(run_scrapy: RunScrapy, *arguments: str, status: int = 0) -> Any:
    """Run a sub-command with --json and read the one object it prints."""
    finished = run_scrapy("dataset", *arguments, "--json")
    assert (finished.returncode, finished.stderr) == (status, "")
    return json.loads(finished.stdout)


@pytest.mark.usefixtures("collected")
def test_dataset_tells_the_story_of_a_version_in_json(run_scrapy: RunScrapy, tmp_path: Path) -> None:
    frozen = answer(run_scrapy, "freeze", "v1", "--format", "csv")
    assert frozen["location"] == str(tmp_path / "data" / "datasets" / "v1")
    assert frozen["counts"]["train"]["positive"]["after"] < frozen["counts"]["train"]["positive"]["before"]
    (listed,) = answer(run_scrapy, "list")["versions"]
    assert (listed["version"], listed["rows"], listed["parent_version"]) == ("v1", frozen["rows"], None)
    shown = answer(run_scrapy, "show", "v1")
    assert (shown["rows_sha256"], shown["view"]) == (frozen["rows_sha256"], "training_data_v1")
    assert shown["parameters"]["formats"] == ["csv", "parquet"]
    assert answer(run_scrapy, "export", "v1", "--to", str(tmp_path / "copy"))["rows"] == frozen["rows"]
    (tmp_path / "copy" / "v1" / "README.md").write_text("another card")
    assert answer(run_scrapy, "verify", "v1") == {"version": "v1", "intact": True, "problems": []}
    broken = answer(run_scrapy, "verify", "v1", "--at", str(tmp_path / "copy"), status=1)
    assert broken["problems"] == [f"{tmp_path / 'copy' / 'v1' / 'README.md'} has changed"]


def test_show_prints_what_was_balanced_as_freeze_does(tmp_path: Path) -> None:
    engine = collect(f"sqlite:///{tmp_path}/one.db", [a_review(number) for number in range(200)])
    frozen = freeze(engine, FreezePlan("v1", balance_by="rating", max_share=0.3), tmp_path)
    printed = []
    for action, told in ((FREEZE, asdict(frozen)), (SHOW, one_version(engine, "v1"))):
        told_to = StringIO()
        action.show(Console(file=told_to, width=100), told)
        printed.append(told_to.getvalue())
    engine.dispose()
    table = printed[0][printed[0].index("train by rating") : printed[0].index("balance: ")]
    assert [len(line.split()) for line in table.splitlines()] == [6, *[4] * len(frozen.balanced)]
    assert printed[1].endswith(table)


@pytest.mark.usefixtures("collected")
def test_dataset_prints_tables_for_people(run_scrapy: RunScrapy, tmp_path: Path) -> None:
    frozen = run_scrapy("dataset", "freeze", "v1", "--to", str(tmp_path / "to"))
    assert frozen.returncode == 0, frozen.stderr
    assert [line.split() for line in frozen.stdout.splitlines()][:2] == [
        ["split", "label", "before", "after", "share"],
        ["train", "negative", "28", "28", "26.7%"],
    ]
    assert f"rows in {tmp_path / 'to' / 'v1'}" in frozen.stdout
    assert f"location: {tmp_path / 'to' / 'v1'}" in run_scrapy("dataset", "show", "v1").stdout
    assert "rows are left out, no label above 60% of the training split; validation and test are as" in frozen.stdout
    (listed,) = answer(run_scrapy, "list")["versions"]
    place, when = str(tmp_path / "to" / "v1"), listed["created_at"]
    cells = run_scrapy("dataset", "list").stdout.splitlines()[1].split()
    assert cells == ["v1", "review", str(listed["rows"]), when, "-", place, "-"]
    (tmp_path / "to" / "v1" / "README.md").unlink()
    verified = run_scrapy("dataset", "verify", "v1")
    assert verified.returncode == 1
    assert verified.stdout == f"✗ {tmp_path / 'to' / 'v1' / 'README.md'} is missing\n"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["freeze", "v1"], 1, "there are no review records to freeze: nothing was collected yet"),
        (["freeze", "../v1"], 2, "'../v1' names no version: v1, v2"),
        (["show", "v1"], 1, "v1 was never frozen; frozen versions: none yet"),
        (["freeze", "v1", "--split", "80/20"], 2, "--split: '80/20' is no split: three percentages are needed"),
        (["freeze", "v1", "--split", "80/10/20"], 2, "--split 80/10/20: three percentages that add up to 100"),
        (["freeze", "v1", "--balance", "all"], 2, "invalid choice: 'all' (choose from 'none', 'undersample', 'over"),
        (["freeze", "v1", "--max-share", "half"], 2, "--max-share: 'half' is no share: a number above 0"),
        (
            ["freeze", "v1", "--max-share", "0.3", "--balance", "none"],
            2,
            "--max-share and --balance-by say how to",
        ),
        (["freeze", "v1", "--format", "xlsx"], 2, "--format xlsx: known are parquet, csv"),
        (["verify"], 2, "usage: scrapy dataset verify vN [options]\nscrapy dataset verify: error: the following"),
        (["freeze", "v1", "v2"], 2, "unrecognized arguments: v2"),
        (["export", "v1"], 2, "the following arguments are required: --to"),
        (["export", "v1", "--to", "gs://bucket/sets"], 2, "--to: 'gs://bucket/sets' is no place to keep files in"),
        (["verify", "v1", "--at", "s3:/bucket"], 2, "--at: 's3:/bucket' is no place to keep files in"),
        ([], 2, "the following arguments are required: ACTION"),
        (["list", "-s", "TDCRAWL_DATABASE_URL=mysql://db"], 2, "'mysql' is not supported"),
    ],
)
def test_dataset_when_refused_says_why(run_scrapy: RunScrapy, arguments: list[str], status: int, said: str) -> None:
    finished = run_scrapy("dataset", *arguments)
    assert finished.returncode == status
    assert said in finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""


def test_scrapy_help_lists_the_command_and_no_base_class(run_scrapy: RunScrapy) -> None:
    listed = [line.split()[0] for line in run_scrapy("--help").stdout.splitlines() if line.startswith("  ")]
    assert "dataset" in listed
    assert not {"base", "command", "commands"} & set(listed)
