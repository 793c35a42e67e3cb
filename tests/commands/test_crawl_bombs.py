"""`scrapy crawl` on answers that unpack, nest or repeat without bounds: each has its outcome, and memory is bounded."""

import gzip
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import brotli
import pytest
from sqlalchemy import select

from tdcrawl.store.engine import open_engine
from tdcrawl.store.tables import pages
from tests.commands.conftest import SITE, Page, a_review, hand_made, review_page
from tests.conftest import PROJECT

SPACES = bytes(100 * 2**20)
# A frame of blocks that say "128 KiB of this byte".
ZSTD = b"\x28\xb5\x2f\xfd\x00\x58" + b"\x02\x00\x10 " * 800 + b"\x03\x00\x10 "
ENTITIES = "".join(f'<!ENTITY e{size} "{f"&e{size - 1};" * 10}">' for size in range(1, 10))
LAUGHS = (
    f'<?xml version="1.0"?><!DOCTYPE bomb [<!ENTITY e0 "ha">{ENTITIES}]><urlset><url><loc>/&e9;</loc></url></urlset>'
)
SCRIPT = '<script type="application/ld+json">'
XML = {"Content-Type": "application/xml"}


def packed(sent: bytes, how: str) -> Page:
    return Page(sent=sent, headers={"Content-Encoding": how})


# What a shop may answer, and what becomes of it: state, reason, and a part of the detail.
BOMBS: dict[str, tuple[Page, str, str | None, str]] = {
    "gzip": (packed(gzip.compress(SPACES), "gzip"), "failed", "too_large", "during decompression"),
    "deflate": (packed(zlib.compress(SPACES), "deflate"), "failed", "too_large", "during decompression"),
    "brotli": (packed(brotli.compress(SPACES, quality=5), "br"), "failed", "too_large", "during decompression"),
    "zstd": (packed(ZSTD, "zstd"), "failed", "too_large", "during decompression"),
    "twice": (packed(gzip.compress(gzip.compress(SPACES)), "gzip, gzip"), "failed", "too_large", "decompression"),
    "plain": (Page(sent=SPACES[: 50 * 2**20]), "failed", "too_large", "larger than download max size"),
    "nested": (Page("<div>" * 200_000), "failed", "parse_error", "nested deeper than can be read"),
    "laughs": (Page(LAUGHS, headers=XML), "failed", "parse_error", "entities stand for more than can be read"),
    "lists": (Page(f"{SCRIPT}{'[' * 4_000_000}</script>"), "done", None, ""),
    "markup": (
        Page(f'{SCRIPT}{{"@type": "Review", "reviewBody": "{"<![CDATA[" * 300_000}"}}</script>'),
        "done",
        None,
        "",
    ),
    "words": (review_page(a_review(9, reviewBody="word " * 1_500_000)), "done", None, ""),
}
SITEMAPS: dict[str, tuple[Page, str, str | None, str]] = {
    "laughs.xml": (Page(LAUGHS, headers=XML), "done", None, ""),
    "spaces.xml.gz": (Page(sent=gzip.compress(b"<urlset>" + SPACES)), "failed", "too_large", "once unpacked"),
}
MOST_BYTES = 300_000_000
# The highest there was in the process of a crawl; that begins with what its starter had, so a small one starts it.
MEASURED = """
import resource, subprocess, sys
finished = subprocess.run(sys.argv[1:], check=False)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
sys.exit(finished.returncode)
"""


def measured(shop: Mapping[str, Page], folder: Path, sitemaps: Mapping[str, Page]) -> tuple[dict[str, Any], int]:
    """Crawl a shop in a process of its own; gives what it printed, and how many bytes it took at most."""
    folder.mkdir()
    site, crawl = folder / "bombs.toml", ["-m", "scrapy", "crawl", "retailer_reviews", "--json", "-a"]
    with hand_made({**shop, **sitemaps}) as url:
        lists = "".join(f'"{url}{name}", ' for name in sitemaps)
        site.write_text(SITE.replace('["http://127.0.0.1/"]', f'["{url}/"]\nsitemaps = [{lists}]'))
        finished = subprocess.run(
            [sys.executable, "-c", MEASURED, sys.executable, *crawl, f"site={site}"],
            cwd=PROJECT, env=os.environ | {"TDCRAWL_DATA_DIR": str(folder)}, capture_output=True, text=True, check=True,
        )  # fmt: skip
    figures, peak = finished.stdout.splitlines()
    return json.loads(figures), int(peak)


@pytest.mark.attack(
    "a bomb of gzip, deflate, brotli, zstd, XML entities or nesting, as a page or a sitemap",
    "the named outcome; the crawl takes at most 300 MB in all",
    cases=len(BOMBS) + len(SITEMAPS),
)
def test_bombs_have_their_outcomes_and_bounded_memory(tmp_path: Path) -> None:
    good = {"/next": review_page(a_review(2)), "/": review_page(a_review(1), links='<a class="product" href="/next">')}
    links = "".join(f'<a class="product" href="/{name}">{name}</a>' for name in (*BOMBS, "next"))
    bombs = {**good, "/": review_page(a_review(1), links=links)} | {
        f"/{name}": page for name, (page, *_) in BOMBS.items()
    }
    lists = {f"/{name}": page for name, (page, *_) in SITEMAPS.items()}
    figures, peak = measured(bombs, tmp_path / "bombs", lists)
    engine = open_engine(f"sqlite:///{tmp_path}/bombs/tdcrawl.db")
    with engine.connect() as connection:
        rows = connection.execute(select(pages.c.url, pages.c.state, pages.c.reason, pages.c.detail)).all()
    engine.dispose()
    found = {url.rpartition("/")[2]: (state, reason, detail or "") for url, state, reason, detail in rows}
    for name, (_, state, reason, detail) in (BOMBS | SITEMAPS).items():
        assert (*found[name][:2], detail in found[name][2]) == (state, reason, True), (name, found[name])
    assert (figures["balanced"], figures["items"]["record"], figures["pages"]["pending"]) == (True, 2, 0)
    assert peak <= MOST_BYTES
