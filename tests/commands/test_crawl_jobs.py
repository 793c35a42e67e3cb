"""The second record type, through the same stages: from the shop's open positions to a frozen version."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from tdcrawl.demo.server import ShopServer
from tests.commands.conftest import crawled
from tests.conftest import RunScrapy

PLANTED = {
    "J-101": "ml_role", "J-102": "high_comp_entry", "J-103": "other", "J-104": "other", "J-106": "other",
}  # fmt: skip


def test_job_postings_are_collected_labelled_and_frozen(
    shop: ShopServer, run_scrapy: RunScrapy, tmp_path: Path
) -> None:
    start = f"start={shop.base_url}/careers"
    quota = '{"positive": 1, "ml_role": 1}'
    found = crawled(
        run_scrapy("crawl", "job_postings", "--json", "-a", "site=demo_jobs", "-a", start, TDCRAWL_QUOTA=quota)
    )
    assert (found.status, found.errors) == (0, "")
    assert found.figures["reasons"] == {
        "failed": {"ambiguous_scale": 1, "too_short": 1}, "duplicate": {"exact_duplicate": 1},
    }  # fmt: skip
    assert found.figures["strata"] == {"high_comp_entry": 1, "ml_role": 1, "other": 3}
    frozen = run_scrapy("dataset", "freeze", "v1", "--type", "job_posting", "--balance", "none", "--json")
    assert frozen.returncode == 0, frozen.stderr
    rows = [
        row
        for split in ("train", "validation", "test")
        for row in pq.read_table(tmp_path / "data" / "datasets" / "v1" / split).to_pylist()
    ]
    assert {row["job_id"]: row["label"] for row in rows} == PLANTED
    by_id = {row["job_id"]: row for row in rows}
    assert (by_id["J-103"]["salary_max"], by_id["J-103"]["salary_period"]) == (27_872, "hour")
    assert by_id["J-101"]["experience_years"] == 3
    assert json.loads(run_scrapy("verify", "--json").stdout)["balanced"]
