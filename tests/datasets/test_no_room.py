"""A disk that is full: nothing half is ever seen, and with room again all is as if it had never been full."""

import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tdcrawl.datasets.version import export, freeze
from tdcrawl.errors import StoreError
from tdcrawl.store.dataset_tables import dataset_rows
from tdcrawl.store.engine import Engine
from tdcrawl.store.places import find
from tests.buckets import Bucket
from tests.datasets.corpus import a_review, collect
from tests.datasets.test_version import V1, content


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes; the kernel refuses as it does where a disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def undisturbed(tmp_path: Path) -> dict[str, bytes]:
    """Freeze the same records elsewhere, with room; the files."""
    engine = collect(f"sqlite:///{tmp_path}/other.db", [a_review(number) for number in range(200)])
    freeze(engine, V1, tmp_path / "undisturbed")
    engine.dispose()
    return content(tmp_path / "undisturbed" / "v1")


def test_freeze_and_export_when_there_is_no_room_for_the_files(
    engine: Engine, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    target, room = tmp_path / "to", len(undisturbed["train/part-00000.parquet"]) - 1
    with room_for(room), pytest.raises(StoreError, match=r"cannot write .*/to/v1: .*File too large"):
        freeze(engine, V1, target)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(dataset_rows)) == 0
    assert list(target.iterdir()) == []
    freeze(engine, V1, target)
    assert content(target / "v1") == undisturbed
    with room_for(room), pytest.raises(StoreError, match=r"cannot write .*/copy/v1: .*File too large"):
        export(engine, "v1", tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []
    export(engine, "v1", tmp_path / "copy")
    assert content(tmp_path / "copy" / "v1") == undisturbed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_freeze_to_s3_when_there_is_no_room_for_the_draft(
    engine: Engine, undisturbed: dict[str, bytes], bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = tmp_path / "drafts"
    drafts.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(drafts))
    room = len(undisturbed["train/part-00000.parquet"]) - 1
    with (
        room_for(room),
        pytest.raises(StoreError, match=rf"cannot write {bucket.uri}/v1, first in {drafts}: .*File too"),
    ):
        freeze(engine, V1, find(bucket.uri))
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(dataset_rows)) == 0
    assert (list(drafts.iterdir()), bucket.content("v1")) == ([], {})
    freeze(engine, V1, find(bucket.uri))
    assert (list(drafts.iterdir()), bucket.content("v1")) == ([], undisturbed)
