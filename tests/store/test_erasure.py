"""Erasing in the database: what goes along, what is placed anew, what comes too late, what nobody may do by hand."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from tdcrawl.datasets.erasing import Erasure
from tdcrawl.errors import StoreError
from tdcrawl.labeling.rules import label_by_rule
from tdcrawl.outcomes import Bucket, EraseReason, FieldError, Rejection, ValidateReason, failed
from tdcrawl.records.base import TrainingItem, digest
from tdcrawl.records.columns import ColumnType
from tdcrawl.records.review import REVIEW
from tdcrawl.store import versions
from tdcrawl.store.archive import Place
from tdcrawl.store.asked import Key
from tdcrawl.store.beginning import take_up, take_up_replay
from tdcrawl.store.deciding import Decision, decide
from tdcrawl.store.engine import open_engine, writing
from tdcrawl.store.erasing import Target
from tdcrawl.store.erasure_tables import erased_items
from tdcrawl.store.failures import list_failures
from tdcrawl.store.label_tables import label_asked, labels
from tdcrawl.store.ledger import Ledger, PageRequest
from tdcrawl.store.needles import Needles
from tdcrawl.store.rereading import Reread, left_on
from tdcrawl.store.tables import duplicates, failed_records, outcomes, quota_seats
from tdcrawl.store.tombstones import Kind, Traces
from tdcrawl.store.verify import check_ledger
from tdcrawl.store.versions import Version
from tdcrawl.store.votes import Buyer, Cast, Vote, Wanted, cast, promise
from tests.builders import GOOD_TEXT, a_run, an_item, terms

MINE, THEIRS = "a" * 32, "b" * 32
COLUMNS = {"record_id": ColumnType.TEXT, "split": ColumnType.TEXT}
MORE = " and so on and on it goes for many more words than anybody would care to count or read twice"


def by(author: str, name: str, words: str = GOOD_TEXT) -> TrainingItem:
    """Build an item of an author; a different text for each name."""
    item = an_item(name, words=words)
    assert item.record is not None
    item.record = item.record.model_copy(update={"author_hash": author})
    return item


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """Begin a run with one page."""
    opened = Ledger.open(database_url, a_run())
    yield opened
    opened.leave()
    opened.engine.dispose()


def collect(ledger: Ledger, *items: TrainingItem) -> list[Any]:
    """Write items one after the other, near duplicates as such; gives what became of each."""

    async def write() -> list[Any]:
        await ledger.schedule([PageRequest("page-1", "https://shop.example/p", "https://shop.example/p")])
        await ledger.take("page-1", items, 0)
        agreed = terms(ledger.engine, {"positive": 50}, 0.8)
        return [await _written(ledger, item, agreed) for item in items]

    return asyncio.run(write())


async def _written(ledger: Ledger, item: TrainingItem, agreed: Any) -> Any:
    try:
        return await ledger.accept(item, agreed)
    except Rejection as why:
        if why.bucket is not Bucket.FAILED:
            await ledger.reject(item, agreed, "write_record", why, {})
        return why


def erase(engine: Engine, folder: Path, target: Target) -> dict[str, Any]:
    """Erase, and check that the ledger still balances."""
    told = Erasure(engine, folder, target, lambda _: terms(engine, {"positive": 50}, 0.8)).carry_out()
    assert check_ledger(engine).problems == []
    return told


def buckets(engine: Engine) -> dict[str, tuple[str, str | None]]:
    """Say where each item is, and why."""
    with engine.connect() as connection:
        query = select(outcomes.c.item_id, outcomes.c.bucket, outcomes.c.reason)
        return {item_id: (bucket, reason) for item_id, bucket, reason in connection.execute(query)}


def test_what_a_crawl_writes_after_the_first_look_goes_too(ledger: Ledger, tmp_path: Path) -> None:
    class Overtaken(Erasure):
        def _places(self, needles: Needles) -> Iterator[Place]:
            if not buckets(ledger.engine):
                collect(ledger, by(MINE, "one"))
            return super()._places(needles)

    target = Target(Kind.AUTHOR, frozenset({MINE}))
    agreed = [terms(ledger.engine, {"positive": 50}, 0.8)]
    told = Overtaken(ledger.engine, tmp_path, target, lambda _: agreed.pop()).carry_out()
    assert (told["erased"]["items"], told["found"], agreed) == (1, [], [])
    assert list(buckets(ledger.engine).values()) == [("failed", "erased")]
    assert check_ledger(ledger.engine).problems == []


def test_copies_that_hold_the_text_go_along_and_others_are_placed_anew(ledger: Ledger, tmp_path: Path) -> None:
    base = GOOD_TEXT + MORE
    original = by(MINE, "one", base)
    holding = by(THEIRS, "one today", base)
    otherwise = by(THEIRS, "one", base.replace("kettle", "boiler"))
    otherwise.item_id = digest("otherwise")
    collect(ledger, original, otherwise, holding)
    assert [bucket for bucket, _ in buckets(ledger.engine).values()].count("duplicate") == 2
    told = erase(ledger.engine, tmp_path, Target(Kind.AUTHOR, frozenset({MINE})))
    gone = ("failed", "erased")
    assert buckets(ledger.engine) == {
        original.item_id: gone, holding.item_id: gone, otherwise.item_id: ("record", None),
    }  # fmt: skip
    assert told["found"] == []
    with ledger.engine.connect() as connection:
        assert connection.scalar(select(quota_seats.c.taken)) == 1
        assert connection.scalar(select(func.count()).select_from(duplicates)) == 0
        kept = connection.execute(select(failed_records)).mappings().all()
    assert {(row["reason"], row["requested_url"], row["canonical_url"], str(row["item"])) for row in kept} == {
        ("erased", "", None, "{}")
    }


def test_what_was_on_its_way_is_not_kept(ledger: Ledger, tmp_path: Path) -> None:
    mine, broken, other = by(MINE, "one"), by(MINE, "two"), by(THEIRS, "three")

    async def crawl() -> None:
        await ledger.schedule([PageRequest("page-1", "https://shop.example/p", "https://shop.example/p")])
        await ledger.take("page-1", [mine, broken, other], 0)
        agreed = terms(ledger.engine)
        erase(ledger.engine, tmp_path, Target(Kind.AUTHOR, frozenset({MINE})))
        with pytest.raises(Rejection) as refused:
            await ledger.accept(mine, agreed)
        assert refused.value.reason is EraseReason.ERASED
        why, kept = failed([FieldError("rating", ValidateReason.OUT_OF_RANGE, "7")]), {"item": {"text": "secret"}}
        broken.record = None
        kept["item"]["author"] = f"person:{MINE}"
        await ledger.reject(broken, agreed, "validate_record", why, {**kept, "errors": [], "message": "secret"})
        await ledger.accept(other, agreed)

    asyncio.run(crawl())
    gone = ("failed", "erased")
    assert buckets(ledger.engine) == {mine.item_id: gone, broken.item_id: gone, other.item_id: ("record", None)}
    with ledger.engine.connect() as connection:
        assert "secret" not in str(connection.execute(select(failed_records)).all())
        assert connection.scalar(select(func.count()).select_from(erased_items)) == 2
    assert check_ledger(ledger.engine).problems == []


def test_the_same_text_under_another_id_and_name_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    first = by(MINE, "one")
    collect(ledger, first)
    erase(ledger.engine, tmp_path, Target(Kind.RECORD, frozenset({first.item_id})))
    again = by(THEIRS, "one")
    again.item_id = digest("another id")
    (answer,) = collect(ledger, again)
    assert (answer.bucket, answer.reason) == (Bucket.FAILED, EraseReason.ERASED)
    assert buckets(ledger.engine)[again.item_id] == ("failed", "erased")


def test_a_later_run_does_not_try_anew_what_was_erased(ledger: Ledger, tmp_path: Path) -> None:
    mine = by(MINE, "one")
    collect(ledger, mine)
    erase(ledger.engine, tmp_path, Target(Kind.RECORD, frozenset({mine.item_id})))
    later = Ledger(ledger.engine, a_run("run-2", began=datetime.now(UTC)))

    async def crawl() -> dict[str, Any]:
        await later.schedule([PageRequest("page-2", "https://shop.example/p", "https://shop.example/p")])
        return await later.take("page-2", [mine], 0, traces=lambda: [Traces(mine.item_id, mine.site)])

    assert asyncio.run(crawl()) == {}
    later.leave()
    assert check_ledger(ledger.engine).seen_again == 1
    assert buckets(ledger.engine) == {mine.item_id: ("failed", "erased")}


def test_votes_of_what_turns_out_to_be_erased_are_forgotten(ledger: Ledger, tmp_path: Path) -> None:
    mine = by(MINE, "one")

    async def crawl() -> None:
        await ledger.schedule([PageRequest("page-1", "https://shop.example/p", "https://shop.example/p")])
        await ledger.take("page-1", [mine], 0)
        agreed = terms(ledger.engine)
        erase(ledger.engine, tmp_path, Target(Kind.AUTHOR, frozenset({MINE})))
        vote = Vote("positive", reason="they say they like it")
        await ledger.write(cast, Cast(Key("f" * 64, "model-1", 1), mine.item_id, "account", 0, vote))
        with pytest.raises(Rejection):
            await ledger.accept(mine, agreed)

    asyncio.run(crawl())
    with ledger.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(labels)) == 0


def test_vote_that_is_being_bought_is_forgotten_with_its_record(ledger: Ledger, tmp_path: Path) -> None:
    mine, theirs = by(MINE, "one"), by(THEIRS, "two")
    collect(ledger, mine, theirs)
    with writing(ledger.engine) as connection:
        for number, item in enumerate((mine, theirs)):
            key = Key(str(number) * 64, "model-1", 1)
            promise(connection, [Wanted(key, item.item_id, Buyer("account", "gone"), 1, 10)])
    erase(ledger.engine, tmp_path, Target(Kind.RECORD, frozenset({mine.item_id})))
    with ledger.engine.connect() as connection:
        assert connection.scalars(select(label_asked.c.record_id)).all() == [theirs.item_id]


def test_what_was_erased_is_no_failure_to_mend(ledger: Ledger, tmp_path: Path) -> None:
    mine = by(MINE, "one")
    collect(ledger, mine)
    assert erase(ledger.engine, tmp_path, Target(Kind.RECORD, frozenset({mine.item_id})))["erased"]["records"] == 1
    assert list_failures(ledger.engine, None, None) == []
    with writing(ledger.engine) as connection:
        left = left_on(connection, Reread("page-1"), [mine])
    assert (left.again, left.gone, left.new) == ({}, set(), set())


def test_votes_and_decisions_on_what_was_erased_are_not_written(ledger: Ledger, tmp_path: Path) -> None:
    mine = by(MINE, "one")
    collect(ledger, mine)
    erase(ledger.engine, tmp_path, Target(Kind.RECORD, frozenset({mine.item_id})))
    label = label_by_rule(REVIEW, mine.believed())
    assert label is not None
    agreed = terms(ledger.engine)
    with writing(ledger.engine) as connection:
        vote = Vote("positive", reason="they say they like it")
        cast(connection, [Cast(Key("f" * 64, "model-1", 1), mine.item_id, "account", 0, vote)])
        assert decide(connection, [Decision(mine.item_id, label, agreed, a_run())]) == [Bucket.FAILED]
        assert connection.scalar(select(func.count()).select_from(labels)) == 0


def test_a_failed_item_is_erased_by_its_author(ledger: Ledger, tmp_path: Path) -> None:
    short = by(MINE, "one")

    async def crawl() -> None:
        await ledger.schedule([PageRequest("page-1", "https://shop.example/p", "https://shop.example/p")])
        await ledger.take("page-1", [short], 0)
        why = failed([FieldError("text", ValidateReason.TOO_SHORT, "two words", "Good one")])
        kept = {"item": {"text": "Good one", "author": f"person:{MINE}"}, "errors": [], "message": "two words"}
        await ledger.reject(short, terms(ledger.engine), "validate_record", why, kept)

    asyncio.run(crawl())
    told = erase(ledger.engine, tmp_path, Target(Kind.AUTHOR, frozenset({MINE})))
    assert told["erased"]["failed_records"] == 1
    with ledger.engine.connect() as connection:
        (row,) = connection.execute(select(failed_records)).mappings()
        detail = connection.scalar(select(outcomes.c.detail))
    assert (row["item"], row["reason"], detail) == ({}, "erased", "erased: nothing of it is kept")


def test_a_site_that_was_erased_is_not_begun(ledger: Ledger, tmp_path: Path) -> None:
    erase(ledger.engine, tmp_path, Target(Kind.SITE, frozenset({"demo_store"})))
    with writing(ledger.engine) as connection:
        with pytest.raises(StoreError, match="demo_store was erased on "):
            take_up(connection, a_run("run-2"), [], again=True)
        with pytest.raises(StoreError, match="demo_store was erased on "):
            take_up_replay(connection, a_run("run-2"))


BY_HAND = [
    "DELETE FROM dataset_rows WHERE record_id = '{other}'",
    "DELETE FROM dataset_rows",
    "UPDATE dataset_rows SET split = 'test' WHERE record_id = '{mine}'",
    "DELETE FROM dataset_versions",
    "UPDATE dataset_versions SET row_count = 1",
    "INSERT INTO dataset_rows (version, record_id, split, data) VALUES ('v1', 'new', 'train', '{{}}')",
    "DELETE FROM tombstones",
    "UPDATE tombstones SET kind = 'site'",
    "DELETE FROM erased_items",
    "UPDATE erased_items SET item_id = '{other}'",
    "DELETE FROM dataset_errata",
    "UPDATE dataset_errata SET row_count = 7",
]
ON_SQLITE = [
    "REPLACE INTO tombstones SELECT * FROM tombstones",
    "REPLACE INTO erased_items SELECT * FROM erased_items",
    "REPLACE INTO dataset_errata SELECT * FROM dataset_errata",
    "REPLACE INTO tombstones (tombstone_id, kind, key, at, counts) SELECT 9, kind, key, at, counts FROM tombstones",
]
ON_POSTGRESQL = ["TRUNCATE tombstones", "TRUNCATE erased_items", "TRUNCATE dataset_errata", "TRUNCATE dataset_rows"]


@pytest.fixture
def half_erased(database_url: str) -> Iterator[Engine]:
    """Freeze two rows as v1, of which one may be taken out."""
    engine = open_engine(database_url)
    now = datetime.now(UTC)
    with engine.begin() as connection:
        rows = [{"record_id": name, "split": "train"} for name in (MINE, THEIRS)]
        versions.add_rows(connection, "v1", rows)
        versions.seal(connection, Version("v1", "review", now, {}, 2, "", "", ""), COLUMNS)
        connection.execute(
            text("INSERT INTO tombstones (kind, key, at, counts) VALUES ('record', :key, :now, '{}')"),
            {"key": MINE, "now": str(now)},
        )
        connection.execute(
            text("INSERT INTO erased_items (item_id, tombstone_id, at) VALUES (:key, 1, :now)"),
            {"key": MINE, "now": str(now)},
        )
        connection.execute(
            text("INSERT INTO dataset_errata VALUES ('v1', 1, :now, 1, 1, '{}', '', '', '', '')"), {"now": str(now)}
        )
    yield engine
    engine.dispose()


def test_nobody_changes_anything_by_hand(half_erased: Engine) -> None:
    own = ON_SQLITE if half_erased.dialect.name == "sqlite" else ON_POSTGRESQL
    for statement in (*BY_HAND, *own):
        with (
            pytest.raises(DBAPIError, match=r"a frozen dataset version never changes|what was erased stays written"),
            half_erased.begin() as connection,
        ):
            connection.execute(text(statement.format(mine=MINE, other=THEIRS)))
    with half_erased.begin() as connection:
        taken = connection.execute(text("DELETE FROM dataset_rows WHERE record_id = :id"), {"id": MINE})
        assert taken.rowcount == 1
