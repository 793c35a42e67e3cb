"""The whole way in one go, as `make demo` shows it: a shop opens, is crawled, and its reviews are frozen as v1."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.server import serving

DATA_DIR = Path("data/demo")
QUOTA = '{"positive": 200}'


def travel() -> None:
    """Crawl the practice shop from a clean start, freeze v1, say how to look around; raises SystemExit on failure."""
    # Ours alone: a demo that found the last one's records would have nothing to show.
    shutil.rmtree(DATA_DIR, ignore_errors=True)
    with serving(practice_shop()) as server:
        print(f"An invented shop is open at {server.base_url}/catalogue for as long as this takes.")
        _scrapy("crawl", "retailer_reviews", "-a", "site=demo_store", "-a", f"start={server.base_url}/catalogue")
    _scrapy("dataset", "freeze", "v1")
    print(_NEXT.format(data=DATA_DIR, failed=_a_failed_item()))


def _scrapy(*arguments: str) -> None:
    print(f"\n$ scrapy {shlex.join(arguments)}", flush=True)
    settings = {"TDCRAWL_DATA_DIR": str(DATA_DIR), "TDCRAWL_QUOTA": QUOTA, "TDCRAWL_ALLOW_LOOPBACK": "true"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TDCRAWL_")} | settings
    finished = subprocess.run([sys.executable, "-m", "scrapy", *arguments], env=environment, check=False)
    if finished.returncode:
        raise SystemExit(finished.returncode)


def _a_failed_item() -> str:
    (feed,) = DATA_DIR.glob("runs/*/failed_records.jsonl")
    with feed.open(encoding="utf-8") as lines:
        item_id: str = json.loads(next(lines))["item_id"]
    return item_id


_NEXT = """
Look around (first: . .venv/bin/activate; export TDCRAWL_DATA_DIR={data}):
    scrapy verify               does the ledger balance, are the frozen bytes intact?
    scrapy dataset show v1      what is in the version
    scrapy report               how the crawl went; with --html report.html as a page with pictures
    scrapy explain {failed:.8}     one item's whole story: this one failed
    scrapy doctor               what is on, what is off
"""
