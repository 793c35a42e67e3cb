"""A version in S3: the bytes of a local one, there whole or not at all, and checked where it is."""

from pathlib import Path

import pandas as pd
import pytest

from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.erasing import Erasure
from tdcrawl.datasets.loading import loading_lines
from tdcrawl.datasets.plan import FreezePlan
from tdcrawl.datasets.verify import verify_version
from tdcrawl.datasets.version import export, freeze
from tdcrawl.errors import DatasetError, StoreError
from tdcrawl.store import places
from tdcrawl.store.engine import Engine
from tdcrawl.store.erasing import Target
from tdcrawl.store.tombstones import Kind
from tests.buckets import Bucket
from tests.builders import terms
from tests.datasets.corpus import a_review
from tests.datasets.test_version import content

# Where files go does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
V1 = FreezePlan("v1", formats=("parquet", "csv"))


def test_freeze_to_s3_gives_the_bytes_of_a_folder(engine: Engine, bucket: Bucket, tmp_path: Path) -> None:
    frozen = freeze(engine, V1, places.find(f"{bucket.uri}/sets/"))
    assert frozen.location == f"{bucket.uri}/sets/v1"
    export(engine, "v1", tmp_path)
    assert bucket.content("sets/v1") == content(tmp_path / "v1")
    assert verify_version(engine, "v1") == verify_version(engine, "v1", tmp_path / "v1") == []
    with pytest.raises(DatasetError, match="v1 is frozen and never changes; freeze v2"):
        freeze(engine, V1, places.find(bucket.uri))


def test_files_are_uploaded_one_by_one_and_the_manifest_last(engine: Engine, bucket: Bucket) -> None:
    told: list[tuple[str, int, int]] = []
    there: list[int] = []

    def tell(what: str, done: int, of: int) -> None:
        told.append((what, done, of))
        there.append(len(bucket.content("v1")))
        assert "manifest.json" not in bucket.content("v1") or done == of

    frozen = freeze(engine, V1, places.find(bucket.uri), tell=tell)
    rows = frozen.rows
    assert told[:2] == [("rows stored", 0, 200), ("rows stored", rows, rows)]
    assert told[2:4] == [("rows written", 0, rows), ("rows written", rows, rows)]
    assert told[4:] == [("files uploaded", number, 10) for number in range(11)]
    assert there[-11:] == list(range(11))


@pytest.mark.parametrize("left", [{"README.md": b"half a ca"}, {}])
def test_freeze_when_its_upload_was_cut_off_finishes_it(
    engine: Engine, bucket: Bucket, tmp_path: Path, left: dict[str, bytes]
) -> None:
    frozen = freeze(engine, V1, places.find(bucket.uri))
    before = bucket.content("v1")
    for name in before:
        bucket.drop(f"v1/{name}")
    for name, half in left.items():
        bucket.put(f"v1/{name}", half)
    assert verify_version(engine, "v1") == [f"{bucket.uri}/v1/manifest.json is missing"]
    with pytest.raises(DatasetError, match=f"v1 was frozen to {bucket.uri}/v1, where its files are missing"):
        freeze(engine, V1, tmp_path)
    assert freeze(engine, V1, tmp_path, named=False) == frozen
    assert bucket.content("v1") == before


@pytest.mark.parametrize("name", ["manifest.json", "train/part-00007.parquet", "notes.txt"])
def test_export_when_something_is_in_the_way_touches_nothing(
    engine: Engine, bucket: Bucket, tmp_path: Path, name: str
) -> None:
    freeze(engine, V1, tmp_path)
    bucket.put(f"v1/{name}", b"somebody's")
    with pytest.raises(StoreError, match=f"{bucket.uri}/v1/{name} is in the way: move it"):
        export(engine, "v1", places.find(bucket.uri))
    assert bucket.content("v1") == {name: b"somebody's"}


def test_verify_when_something_has_changed_in_s3(engine: Engine, bucket: Bucket) -> None:
    freeze(engine, V1, places.find(bucket.uri))
    card = bucket.content("v1")["README.md"]
    bucket.put("v1/README.md", card.replace(b"review", b"Review"))
    bucket.put("v1/notes.txt", b"")
    bucket.drop("v1/test/part-00000.csv")
    assert verify_version(engine, "v1") == [
        f"{bucket.uri}/v1/notes.txt does not belong to the version",
        f"{bucket.uri}/v1/test/part-00000.csv is missing",
        f"{bucket.uri}/v1/README.md has changed",
    ]
    bucket.put("v1/manifest.json", b"{}")
    assert verify_version(engine, "v1") == [f"{bucket.uri}/v1/manifest.json has changed"]


def test_lines_that_are_printed_load_the_training_split_from_anywhere(
    engine: Engine, bucket: Bucket, tmp_path: Path
) -> None:
    frozen = freeze(engine, V1, places.find(bucket.uri))
    export(engine, "v1", tmp_path / "it's {here}")
    rows = sum(label["after"] for label in frozen.counts["train"].values())
    for place in (f"{bucket.uri}/v1", tmp_path / "it's {here}" / "v1"):
        lines = loading_lines(places.find(place))
        assert len(lines.splitlines()) == 3
        scope: dict[str, pd.DataFrame] = {}
        exec(lines, scope)  # noqa: S102  # what a newcomer would paste
        assert len(scope["train"]) == rows


def test_an_erasure_reaches_a_version_in_s3(engine: Engine, bucket: Bucket, tmp_path: Path) -> None:
    freeze(engine, FreezePlan("v1", balance=Balance.NONE), places.find(bucket.uri))
    before = bucket.content("v1")
    gone = a_review(7).item_id
    agreed = terms(engine)
    erasure = Erasure(engine, tmp_path, Target(Kind.RECORD, frozenset({gone})), lambda _: agreed)
    told = erasure.carry_out()
    assert (told["versions"], told["found"]) == ({"v1": 1}, [])
    after = bucket.content("v1")
    assert after.keys() == before.keys()
    assert after["manifest.json"] != before["manifest.json"]
    assert verify_version(engine, "v1") == []
    # A kill while the new files go up leaves no manifest: the same command finishes it.
    bucket.drop("v1/manifest.json")
    assert erasure.carry_out()["found"] == []
    assert bucket.content("v1") == after
