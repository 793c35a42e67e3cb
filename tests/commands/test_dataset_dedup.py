"""`scrapy dataset dedup`: files in, files out, in this process, on Daft, and on a Ray cluster."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.version import freeze
from tests.conftest import PROJECT, RunScrapy
from tests.datasets.corpus import a_review, collect

WORDS = "one two three four five six seven eight nine ten"
# Two processors are asked for, however many there are: Ray would start a process for each.
ON_RAY = """
import json, ray, sys
from scrapy.cmdline import execute
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
# A cluster takes its time to start: both commands share one.
for command in json.loads(sys.argv[1]):
    try:
        execute(["scrapy", "dataset", *command, "--engine", "daft"])
    except SystemExit as ended:
        if ended.code:
            raise
"""

ON_DAFT = ["--engine", "daft", "-s"]
RAY = "TDCRAWL_RAY_ADDRESS=auto"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Write 60 reviews, of which 20 repeat another word for word, 20 nearly, and 20 say the opposite."""
    texts = [(f"{number} {WORDS}", f"{number}, {WORDS}!") for number in range(20)]
    texts += [(f"{number} a b c d e f g h i j k {number}", f"{number} a b c d e f g h i j k") for number in "lmno" * 5]
    rows = [
        {"record_id": f"{place:03}{turn}", "text": words, "label": "ab"[place % 2]}
        for place, pair in enumerate(texts[:30])
        for turn, words in enumerate(pair)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "corpus.parquet")
    return tmp_path / "corpus.parquet"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_dedup_says_how_many_went_where(run_scrapy: RunScrapy, corpus: Path, tmp_path: Path) -> None:
    arguments = ("dataset", "dedup", str(corpus), "--to")
    finished = run_scrapy(*arguments, str(tmp_path / "to"), "--json")
    assert (finished.returncode, finished.stderr) == (0, "")
    answer = json.loads(finished.stdout)
    assert answer["rows"] == 60 == answer["kept"] + sum(answer["duplicates"].values())
    assert (answer["engine"], answer["threshold"], answer["removed"]) == ("local", 0.8, {})
    again = run_scrapy(*arguments, str(tmp_path / "again"), "--engine", "daft", "--against", str(corpus), "--strict")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.splitlines()[0] == "60 removed: exact_duplicate of a text of --against"
    assert again.stdout.splitlines()[-1] == f"✓ kept 0 of 60 rows in {tmp_path / 'again'}"


# A cluster starts and ends: a busy machine takes its time, and nothing here is about speed.
@pytest.mark.timeout(1_200)
def test_dedup_and_freeze_on_ray_write_the_same_bytes(run_scrapy: RunScrapy, corpus: Path, tmp_path: Path) -> None:
    # In one test: `auto` finds whatever cluster is on this machine, and one outlives its driver by seconds.
    nowhere = run_scrapy("dataset", "dedup", str(corpus), "--to", str(tmp_path / "no"), *ON_DAFT, RAY)
    assert nowhere.returncode == 2
    assert "TDCRAWL_RAY_ADDRESS: no Ray cluster at 'auto': " in nowhere.stderr
    local = run_scrapy("dataset", "dedup", str(corpus), "--to", str(tmp_path / "local"))
    assert local.returncode == 0, local.stderr
    engine = collect(f"sqlite:///{tmp_path}/frozen.db", [a_review(number) for number in range(200)])
    plan = FreezePlan("v1", balance=Balance.OVERSAMPLE)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "frozen.db", tmp_path / "ray.db")
    freeze(engine, plan, tmp_path / "frozen")
    engine.dispose()
    dedup = ["dedup", str(corpus), "--to", str(tmp_path / "ray")]
    freezing = ["freeze", "v1", "--balance", "oversample", "--to", str(tmp_path / "ray-frozen")]
    environment = os.environ | {
        "TDCRAWL_RAY_ADDRESS": "auto", "RAY_USAGE_STATS_ENABLED": "0",
        "TDCRAWL_DATABASE_URL": f"sqlite:///{tmp_path}/ray.db",
    }  # fmt: skip
    finished = subprocess.run(
        [sys.executable, "-c", ON_RAY, json.dumps([dedup, freezing])],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")
    assert tree(tmp_path / "ray-frozen") == tree(tmp_path / "frozen")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--to", "to"], 2, "the following arguments are required: INPUT"),
        (["in", "--to", "to"], 1, "in is no Parquet file and no folder of any"),
        (["in"], 2, "the following arguments are required: --to"),
        (["in", "--to", "to", "--threshold", "0.3"], 2, "argument --threshold: invalid _similarity value: '0.3'"),
        (["in", "--to", "to", "--engine", "spark"], 2, "invalid choice: 'spark'"),
        (
            ["in", "--to", "to", *ON_DAFT, "TDCRAWL_RAY_ADDRESS=127.0.0.1:1"], 2,
            "give auto, local or ray://HOST:10001, not '127.0.0.1:1'",
        ),
    ],
)  # fmt: skip
def test_dedup_when_refused_says_why(run_scrapy: RunScrapy, arguments: list[str], status: int, said: str) -> None:
    finished = run_scrapy("dataset", "dedup", *arguments)
    assert finished.returncode == status
    assert said in finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""


@pytest.mark.parametrize(("action", "what"), [("dedup", "corpus.parquet"), ("freeze", "v1")])
def test_daft_when_it_is_missing_says_what_to_install(tmp_path: Path, action: str, what: str) -> None:
    # A module of that name that cannot be found, as where it was never installed.
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['daft'] = None\n")
    command = [sys.executable, "-m", "scrapy", "dataset", action, what, "--to", str(tmp_path / "to")]
    env = os.environ | {"PYTHONPATH": str(tmp_path), "TDCRAWL_DATABASE_URL": f"sqlite:///{tmp_path}/a.db"}
    finished = subprocess.run(
        [*command, "--engine", "daft"], cwd=PROJECT, env=env, capture_output=True, text=True, check=False
    )
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == "--engine daft needs packages that are not here: pip install daft ray\n"
    assert not (tmp_path / "to").exists()
