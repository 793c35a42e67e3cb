"""`scrapy explain`: each thing once, and no complaint when nobody reads on."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT, RunScrapy
from tests.datasets.corpus import a_review, collect


def test_explain_names_the_label_once_with_who_gave_it(run_scrapy: RunScrapy, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    item = a_review(1)
    item.page_id = "page of 1"
    collect(f"sqlite:///{tmp_path}/data/tdcrawl.db", [item]).dispose()
    lines = run_scrapy("explain", item.item_id).stdout.splitlines()
    labels = [line.split(maxsplit=1)[1] for line in lines if line.split()[0] == "label"]
    assert len(labels) == 1
    assert ", by rule " in labels[0]


def test_command_is_silent_when_its_reader_goes_away(tmp_path: Path) -> None:
    environment = os.environ | {"TDCRAWL_DATA_DIR": str(tmp_path)}
    for options in ([], ["--json"]):
        command = [sys.executable, "-m", "scrapy", "sites", *options]
        read, write = os.pipe()
        os.close(read)
        finished = subprocess.run(
            command, cwd=PROJECT, env=environment, stdout=write, stderr=subprocess.PIPE, text=True, check=False
        )
        os.close(write)
        assert finished.stderr == ""
