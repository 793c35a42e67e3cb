"""Copies among files: each engine keeps what the crawl would, and of another corpus nothing stays."""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from tdcrawl.datasets.corpus import Job, open_corpus
from tdcrawl.datasets.dedup import dedup
from tdcrawl.datasets.engines import ENGINES, choose
from tdcrawl.datasets.signing import pairs_within, signed
from tdcrawl.errors import DatasetError, StoreError, TdcrawlError
from tdcrawl.records.base import TrainingItem
from tdcrawl.store.tables import contrast_pairs, duplicates, records
from tests.corpora import THRESHOLD, corpora, place, rows

WORDS = "one two three four five six seven eight nine ten"
NEAR = f"{WORDS} eleven"
CONTRAST = f"{WORDS} not"
UNRELATED = "completely other words that nobody has written before today"


def write(path: Path, table: Iterable[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(list(table)), path)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return table


def a_row(record_id: str, text: str, label: str | None = "positive", **more: Any) -> dict[str, Any]:
    return {"record_id": record_id, "text": text, "label": label, **more}


def run(engine: str, target: Path, inputs: Sequence[Path], against: Sequence[Path] = (), **options: Any) -> Any:
    chosen = {"threshold": 0.8, "strict": False} | options
    job = Job(open_corpus(inputs), open_corpus(against) if against else None, **chosen)
    return dedup(job, target, choose(engine, ""))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def resembling(number: int, seed: int) -> list[dict[str, Any]]:
    """Invent rows of which many repeat another, wholly or in part, in three scripts."""
    chance, texts = random.Random(seed), list[str]()  # noqa: S311 - the same rows each time
    vocabulary = [f"word{turn}" for turn in range(300)] + ["красота", "很好的产品质量", "not", "never"]
    for _ in range(number):
        words = chance.choice(texts).split() if texts and chance.random() < 0.6 else chance.choices(vocabulary, k=24)
        for _ in range(chance.choice((0, 0, 1, 2, 4))):
            words[chance.randrange(len(words))] = chance.choice(vocabulary)
        texts.append(" ".join(words))
    when = [None, datetime(2024, 1, 1, tzinfo=UTC), datetime(2023, 1, 1, tzinfo=UTC)]
    names = [f"{chance.choice('éabñz')}{turn}" for turn in range(number)]
    labels = chance.choices(("a", "a", "b", None), k=number)
    return [a_row(*row, reviewed_at=chance.choice(when)) for row in zip(names, texts, labels, strict=True)]


@given(corpora())
@settings(max_examples=10)
def test_every_engine_keeps_what_the_ledger_keeps(items: list[TrainingItem]) -> None:
    table = [
        a_row(item.item_id, item.believed().text, item.believed().label, rating=item.believed().rating)  # type: ignore[attr-defined]
        for item in items
    ]
    with TemporaryDirectory() as name:
        folder = Path(name)
        ledger = place(f"sqlite:///{folder}/ledger.db", [[item] for item in items])
        expected = {
            "kept": {row["record_id"] for row in rows(ledger, records)},
            "duplicates": {
                (row["item_id"], row["matched_record_id"], row["score"]) for row in rows(ledger, duplicates)
            },
            "contrast_pairs": {
                (row["record_id"], row["other_id"], row["score"]) for row in rows(ledger, contrast_pairs)
            },
        }
        ledger.dispose()
        file = write(folder / "items.parquet", table)
        for engine in ENGINES:
            run(engine, folder / engine, [file], threshold=THRESHOLD)
            assert {row["record_id"] for row in read(folder / engine / "kept.parquet")} == expected["kept"]
            for part in ("duplicates", "contrast_pairs"):
                assert {tuple(row.values())[:3] for row in read(folder / engine / f"{part}.parquet")} == expected[part]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("strict", [False, True])
def test_engines_write_the_same_bytes(tmp_path: Path, seed: int, strict: bool) -> None:
    ours = write(tmp_path / "ours.parquet", resembling(400, seed))
    others = write(tmp_path / "others.parquet", [*resembling(400, seed)[::5], *resembling(100, seed + 9)])
    for engine in ENGINES:
        answer = run(engine, tmp_path / engine, [ours], [others], strict=strict)
        assert answer["removed"]["exact_duplicate"] >= 80
        assert min(answer["duplicates"].values()) > 0
        assert (answer["contrasts_spared"] == 0) == strict
    assert contents(tmp_path / "local") == contents(tmp_path / "daft")


@pytest.mark.parametrize("engine", ENGINES)
def test_dedup_keeps_the_better_copy_and_all_columns(tmp_path: Path, engine: str) -> None:
    late, early = datetime(2024, 5, 1, tzinfo=UTC), datetime(2023, 5, 1, tzinfo=UTC)
    one = write(tmp_path / "one.parquet", [a_row("c", WORDS, reviewed_at=late), a_row("a", NEAR, reviewed_at=late)])
    more = [
        a_row("d", f"[{'A notice of the shop'}] {NEAR.upper()}!", "negative", stars=4),
        a_row("b", CONTRAST, None, stars=1),
    ]
    other = write(tmp_path / "other.parquet", more)
    third = write(tmp_path / "third.parquet", [a_row("e", NEAR, reviewed_at=early)])
    run(engine, tmp_path / "to", [one, other, third])
    kept = read(tmp_path / "to" / "kept.parquet")
    assert [(row["record_id"], row["text"], row["stars"], row["reviewed_at"]) for row in kept] == [
        ("b", CONTRAST, 1, None), ("e", NEAR, None, early)
    ]  # fmt: skip
    assert read(tmp_path / "to" / "duplicates.parquet") == [
        {"record_id": "a", "matched_record_id": "e", "score": 1.0, "reason": "exact_duplicate"},
        {"record_id": "c", "matched_record_id": "e", "score": 10 / 11, "reason": "near_duplicate"},
        {"record_id": "d", "matched_record_id": "e", "score": 1.0, "reason": "exact_duplicate"},
    ]
    assert read(tmp_path / "to" / "contrast_pairs.parquet") == [{"record_id": "b", "other_id": "e", "score": 10 / 12}]
    assert {path.name for path in (tmp_path / "to").iterdir()} == {
        "kept.parquet", "duplicates.parquet", "contrast_pairs.parquet"
    }  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("strict", [False, True])
def test_against_removes_what_the_other_corpus_has(tmp_path: Path, engine: str, strict: bool) -> None:
    ours = write(
        tmp_path / "a.parquet", [a_row("n", NEAR), a_row("u", UNRELATED), a_row("x", WORDS), a_row("z", CONTRAST)]
    )
    # The same id in both is no matter, and of equal texts the one of the least id is named.
    other = write(tmp_path / "b.parquet", [a_row("y", WORDS), a_row("u", WORDS), a_row("y", WORDS)])
    before = other.read_bytes()
    answer = run(engine, tmp_path / "to", [ours], [other], strict=strict)
    removed = [
        {"record_id": "n", "matched_record_id": "u", "score": 10 / 11, "reason": "near_duplicate"},
        {"record_id": "x", "matched_record_id": "u", "score": 1.0, "reason": "exact_duplicate"},
        {"record_id": "z", "matched_record_id": "u", "score": 10 / 11, "reason": "contrast"},
    ]
    assert read(tmp_path / "to" / "removed.parquet") == removed[: 3 if strict else 2]
    assert [row["record_id"] for row in read(tmp_path / "to" / "kept.parquet")] == ["u"] if strict else ["u", "z"]
    assert answer["contrasts_spared"] == (0 if strict else 1)
    assert other.read_bytes() == before


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([{"record_id": "a", "words": WORDS}], "has no column text of texts; its columns: record_id, words"),
        ([{"text": WORDS}], "has no column record_id of texts"),
        ([{"record_id": 7, "text": WORDS}], "has no column record_id of texts"),
        ([a_row("a", WORDS), a_row("", NEAR), a_row(None, NEAR)], "2 rows have no record_id"),  # type: ignore[arg-type]
        ([a_row("b", WORDS), a_row("a", WORDS), a_row("a", NEAR), a_row("b", WORDS)], "'a' comes more than once"),
    ],
)  # fmt: skip
def test_dedup_when_rows_cannot_be_told_apart(tmp_path: Path, engine: str, table: list[Any], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        run(engine, tmp_path / "to", [write(tmp_path / "in.parquet", table)])
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_dedup_when_the_files_or_the_target_are_not_as_they_should(tmp_path: Path) -> None:
    good = write(tmp_path / "good.parquet", [a_row("a", WORDS, number=1)])
    other = write(tmp_path / "other.parquet", [a_row("b", WORDS, number="one")])
    (tmp_path / "bad.parquet").write_text("no Parquet")
    (tmp_path / "empty").mkdir()
    for inputs, said in (
        ([tmp_path / "bad.parquet"], "bad.parquet cannot be read as Parquet"),
        ([tmp_path / "empty"], "is no Parquet file and no folder of any"),
        ([tmp_path / "none"], "is no Parquet file and no folder of any"),
        ([good, other], "the files do not fit together"),
    ):
        with pytest.raises(StoreError, match=said):
            run("local", tmp_path / "to", inputs)
    with pytest.raises(StoreError, match="is in the way"):
        run("local", tmp_path / "empty", [good])
    assert not list((tmp_path / "empty").iterdir())


@pytest.mark.parametrize("engine", ENGINES)
def test_dedup_when_there_is_nothing_to_find(tmp_path: Path, engine: str) -> None:
    file = tmp_path / "in.parquet"
    columns = pa.schema({"record_id": pa.string(), "text": pa.string(), "kind": pa.dictionary(pa.int8(), pa.string())})
    for table, kept in (([], 0), ([{"record_id": "a", "text": None, "kind": "k"}], 1)):
        pq.write_table(pa.Table.from_pylist(table, columns), file)
        assert run(engine, tmp_path / f"to{kept}", [file])["kept"] == kept
        assert read(tmp_path / f"to{kept}" / "kept.parquet") == table


def test_pairs_of_a_hot_band_are_filtered_by_their_sketches() -> None:
    chance = random.Random(5)  # noqa: S311 - the same texts each time
    words = [f"word{turn}" for turn in range(5_000)]
    table = [a_row(str(turn), " ".join(chance.sample(words, 30))) for turn in range(2_000)]
    table.append(a_row("copy", table[17]["text"] + " more"))
    entries = [signed(row, settled=False)["entry"] for row in table]
    # As if all had the same key: two million pairs, of which little more than the two alike leaves the worker.
    (pairs,) = pairs_within([entries], 45)
    assert "".join(sorted((entries[17][:32], entries[-1][:32]))) in pairs
    assert len(pairs) < 5
    settled = [signed(row, settled=True)["entry"] for row in table]
    assert pairs_within([settled[-1:], settled, entries[:1]], 45) == [[], [], []]


def test_choose_when_daft_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdcrawl.datasets.engines.find_spec", lambda _: None)
    with pytest.raises(TdcrawlError, match="pip install daft ray") as caught:
        choose("daft", "")
    assert caught.value.exit_status == 2
