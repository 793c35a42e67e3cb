"""`scrapy dataset erase`: an author of the practice shop is gone from everything, and stays gone."""

import gzip
import html
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, inspect, select, table, text

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.export import written_by
from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.server import ShopServer
from tdcrawl.privacy import person_hash
from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.engine import open_engine
from tests.commands.conftest import Crawl, Page, a_review, review_page
from tests.conftest import RunScrapy

KEY = "5e" * 32
AUTHOR = "Noor O."
HASH = person_hash(bytes.fromhex(KEY), AUTHOR)
TEXTS = [review.text for product in practice_shop().products for review in product.reviews if review.author == AUTHOR]
NOTHING = {"kind": "author", "dry_run": False, "versions": {}, "feeds": [], "found": []}


def erase(run_scrapy: RunScrapy, *arguments: str, **env: str) -> dict[str, Any]:
    """Erase, and read the one object that is printed."""
    finished = run_scrapy("dataset", "erase", *arguments, "--json", **env)
    assert (finished.returncode, finished.stderr) == (0, ""), finished.stdout
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer


def spellings(said: str) -> Iterator[bytes]:
    """Write a text in the ways in which it may stand in a file."""
    for plain in (said, json.dumps(said)[1:-1], json.dumps(said, ensure_ascii=False)[1:-1]):
        yield from (plain.encode(), html.escape(plain).encode(), html.escape(plain, quote=False).encode())


def everything_below(folder: Path) -> dict[str, bytes]:
    """Read all files, unpacked where they are packed."""
    return {str(path.relative_to(folder)): unpacked(path) for path in folder.rglob("*") if path.is_file()}


def unpacked(path: Path) -> bytes:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".parquet":
        return json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False).encode()
    return path.read_bytes()


def all_rows(engine: Engine) -> dict[str, bytes]:
    """Write all rows of all tables."""
    found = {}
    with engine.connect() as connection:
        for name in inspect(engine).get_table_names():
            rows = connection.execute(select(text("*")).select_from(table(name)))
            found[name] = json.dumps([list(row) for row in rows], default=str, ensure_ascii=False).encode()
    # Whoever opens and closes the file of SQLite beside a connection of the same process takes its locks away.
    engine.dispose()
    return found


def places_of(wanted: list[str], *held: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Find where something is: the place, and the first words of it."""
    contents = {place: content for some in held for place, content in some.items()}
    return {
        (place, said[:30])
        for place, content in contents.items()
        for said in wanted
        if any(spelling in content for spelling in spellings(said))
    }


def test_an_author_is_gone_and_stays_gone(
    crawl: Crawl, shop: ShopServer, run_scrapy: RunScrapy, database_url: str, tmp_path: Path
) -> None:
    env, data = {"TDCRAWL_DATABASE_URL": database_url, "TDCRAWL_PERSON_KEY": KEY}, tmp_path
    assert crawl(shop, **env).status == 0
    assert run_scrapy("dataset", "freeze", "v1", "--format", "csv", **env).returncode == 0
    engine, wanted = open_engine(database_url), [AUTHOR, *TEXTS]
    before = places_of(wanted, everything_below(data), all_rows(engine))
    assert {said for _, said in before} == {said[:30] for said in wanted}
    foreseen = erase(run_scrapy, "--author", AUTHOR, "--dry-run", **env)
    assert places_of(wanted, everything_below(data), all_rows(engine)) == before
    erased = erase(run_scrapy, "--author", AUTHOR, "--why", "they asked", **env)
    assert all(erased[name] == foreseen[name] for name in ("erased", "versions", "feeds"))
    # One more than the author wrote: somebody else's copy holds one of the texts word for word.
    assert (erased["erased"]["items"], erased["erased"]["records"], erased["found"]) == (len(TEXTS) + 1, 5, [])
    assert places_of(wanted, everything_below(data), all_rows(engine)) == set()
    left = [place for place, content in all_rows(engine).items() if HASH.encode() in content]
    assert left == ["tombstones"]
    verified = run_scrapy("verify", **env)
    assert (verified.returncode, "✓ v1 is as it was frozen" in verified.stdout) == (0, True), verified.stdout
    again = crawl(shop, "-a", "again=1", **env)
    assert (again.status, again.figures["items"]["yielded"]) == (0, 19)
    assert places_of(wanted, everything_below(data), all_rows(engine)) == set()
    repeated = erase(run_scrapy, "--author", AUTHOR, **env)
    assert {name: repeated[name] for name in NOTHING} == NOTHING
    assert set(repeated["erased"].values()) == {0}
    assert repeated["scanned"]["tables"] == len(set(all_rows(engine)) - {"alembic_version"})
    engine.dispose()


def test_a_version_tells_its_erratum(crawl: Crawl, shop: ShopServer, run_scrapy: RunScrapy, tmp_path: Path) -> None:
    assert crawl(shop, TDCRAWL_PERSON_KEY=KEY).status == 0
    run_scrapy("dataset", "freeze", "v1")
    run_scrapy("dataset", "export", "v1", "--to", str(tmp_path / "copy"))
    place = tmp_path / "data" / "datasets" / "v1"
    before = json.loads(run_scrapy("dataset", "show", "v1", "--json").stdout)
    erased = erase(run_scrapy, "--author", HASH)
    removed = erased["versions"]["v1"]
    after = json.loads(run_scrapy("dataset", "show", "v1", "--json").stdout)
    assert after["errata"] == [
        {"number": 1, "removed_rows": removed, "manifest_sha256_before": before["manifest_sha256"]}
    ]
    counted = sum(count["after"] for labels in after["counts"].values() for count in labels.values())
    assert (after["rows"], counted) == (before["rows"] - removed, before["rows"] - removed)
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["writer"] == written_by(Balance.UNDERSAMPLE)
    assert (manifest["errata"], manifest["rows"], manifest["counts"]) == (
        after["errata"], after["rows"], after["counts"],
    )  # fmt: skip
    assert f"| 1 | {removed} | `{before['manifest_sha256']}` |" in (place / "README.md").read_text()
    copy = run_scrapy("dataset", "verify", "v1", "--at", str(tmp_path / "copy"))
    assert (copy.returncode, "still has rows that were erased: write it anew with" in copy.stdout) == (1, True)
    exported = run_scrapy("dataset", "export", "v1", "--to", str(tmp_path / "new"))
    assert exported.returncode == 0
    assert (tmp_path / "new" / "v1" / "manifest.json").read_bytes() == (place / "manifest.json").read_bytes()


def test_what_is_in_the_place_of_a_version_is_not_deleted(
    crawl: Crawl, shop: ShopServer, run_scrapy: RunScrapy, tmp_path: Path
) -> None:
    assert crawl(shop, TDCRAWL_PERSON_KEY=KEY).status == 0
    run_scrapy("dataset", "freeze", "v1")
    manifest = tmp_path / "data" / "datasets" / "v1" / "manifest.json"
    manifest.write_text("notes of somebody")
    refused = run_scrapy("dataset", "erase", "--author", AUTHOR, TDCRAWL_PERSON_KEY=KEY)
    assert (refused.returncode, "is not v1 as it was frozen: move it away" in refused.stderr) == (1, True)
    assert manifest.read_text() == "notes of somebody"
    manifest.parent.rename(tmp_path / "elsewhere")
    assert erase(run_scrapy, "--author", AUTHOR, TDCRAWL_PERSON_KEY=KEY)["erased"]["records"] == 5
    assert run_scrapy("verify").returncode == 0


def test_explain_says_of_what_was_erased_that_it_was(
    crawl: Crawl, shop: ShopServer, run_scrapy: RunScrapy, tmp_path: Path
) -> None:
    assert crawl(shop, TDCRAWL_PERSON_KEY=KEY).status == 0
    run_scrapy("dataset", "freeze", "v1")
    engine = open_engine(f"sqlite:///{tmp_path}/data/tdcrawl.db")
    with engine.connect() as connection:
        record_id = connection.scalar(select(dataset_rows.c.record_id).where(dataset_rows.c.split == "test"))
    engine.dispose()
    living = run_scrapy("explain", str(record_id)).stdout
    assert "version  v1, split test, weight 1, as " in living
    assert "passed canonicalize_url, validate_record, redact_personal_data, " in living
    erase(run_scrapy, "--record", str(record_id), "--why", "a mistake")
    lines = [line.split(maxsplit=1) for line in run_scrapy("explain", str(record_id)).stdout.splitlines()]
    assert [name for name, _ in lines] == ["item", "erased"]
    assert lines[1][1].endswith(", by record: a mistake")
    assert json.loads(run_scrapy("explain", str(record_id), "--json").stdout).keys() == {"item_id", "erased"}


def test_a_page_is_gone_and_not_read_again(crawl_pages: Any, run_scrapy: RunScrapy, tmp_path: Path) -> None:
    asked: list[str] = []
    pages = {
        "/": Page('<a class="product" href="/secret">1</a><a class="product" href="/moved">2</a>'),
        "/secret": review_page(a_review(1), a_review(2)),
        "/moved": Page(status=302, headers={"Location": "/secret"}),
    }
    first = crawl_pages(pages, asked=asked)
    assert first.figures["items"]["record"] == 2
    engine = open_engine(f"sqlite:///{tmp_path}/data/tdcrawl.db")
    with engine.connect() as connection:
        url = connection.scalar(text("SELECT url FROM pages WHERE url LIKE '%/secret' AND state = 'done'"))
    assert url is not None
    engine.dispose()
    erased = erase(run_scrapy, "--url", url)
    assert (erased["erased"]["records"], erased["found"]) == (2, [])
    assert places_of([url], everything_below(tmp_path / "data"), all_rows(engine)) == set()
    assert asked.count("/secret") == 1
    base = url.removesuffix("/secret")
    site = tmp_path / "hand_made.toml"
    again = run_scrapy("crawl", "retailer_reviews", "-a", f"site={site}", "-a", f"start={base}/", "-a", "again=1")
    assert (asked.count("/"), asked.count("/moved"), asked.count("/secret")) == (2, 2, 1)
    assert places_of([url], everything_below(tmp_path / "data"), all_rows(engine)) == set(), again.stderr
    with engine.connect() as connection:
        states = connection.execute(text("SELECT state, reason FROM pages WHERE reason = 'erased'")).all()
        details = connection.execute(text("SELECT detail FROM pages WHERE detail LIKE '%erased%'")).all()
        assert connection.scalar(text("SELECT count(*) FROM records")) == 0
    assert states == [("skipped", "erased")] * 2
    assert details == [("it redirects to a page that was erased",)]
    assert run_scrapy("verify").returncode == 0
    engine.dispose()


def test_a_site_is_gone_and_not_crawled_again(crawl_pages: Any, run_scrapy: RunScrapy, tmp_path: Path) -> None:
    pages = {"/": review_page(a_review(1), a_review(2))}
    assert crawl_pages(pages).figures["items"]["record"] == 2
    erased = erase(run_scrapy, "--site", "hand_made")
    assert (erased["erased"]["records"], erased["found"]) == (2, [])
    assert b"/.well-known/tdmrep.json" not in everything_below(tmp_path / "data")["tdcrawl.db"], (
        "what it said is gone too"
    )
    assert b"/product" not in everything_below(tmp_path / "data")["tdcrawl.db"]
    refused = crawl_pages(pages, "-a", "again=1")
    assert refused.status == 1
    assert "hand_made was erased on " in refused.errors
    assert run_scrapy("verify").returncode == 0


def test_erase_when_nothing_is_there_keeps_it_from_coming(crawl_pages: Any, run_scrapy: RunScrapy) -> None:
    erased = erase(run_scrapy, "--author", "Ida Quill")
    assert set(erased["erased"].values()) == {0}
    crawled = crawl_pages({"/": review_page(a_review(1, author={"name": "IDA  QUILL"}), a_review(2))})
    assert crawled.figures["reasons"]["failed"] == {"erased": 1}
    assert crawled.figures["items"]["record"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "one of the arguments --record --author --url --site is required"),
        (("--record", "abc"), "the whole id is needed, 32 hexadecimal digits"),
        (("--url", "ftp://shop.example/1"), "--url: the address does not begin with http"),
        (("--author", " "), "say what is to be erased"),
        (("--author", "A", "--site", "b"), "not allowed with argument"),
    ],
)
def test_erase_when_asked_for_what_cannot_be(run_scrapy: RunScrapy, arguments: tuple[str, ...], said: str) -> None:
    refused = run_scrapy("dataset", "erase", *arguments)
    assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
