"""Directories that are there whole or not at all."""

from pathlib import Path

import pytest

from tdcrawl.errors import StoreError
from tdcrawl.store.atomic import new_directory


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def test_new_directory_appears_only_when_the_block_is_left(tmp_path: Path) -> None:
    with new_directory(tmp_path / "deep" / "v1") as draft:
        (draft / "file").write_text("whole")
        assert not (tmp_path / "deep" / "v1").exists()
    assert (tmp_path / "deep" / "v1" / "file").read_text() == "whole"
    assert names(tmp_path / "deep") == ["v1"]


def test_new_directory_when_the_block_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot write .*v1: Is a directory"), new_directory(tmp_path / "v1") as draft:
        draft.write_text("half")
    assert names(tmp_path) == []


def test_new_directory_when_the_target_exists(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    with pytest.raises(StoreError, match="v1 is in the way"), new_directory(tmp_path / "v1"):
        pass
    assert names(tmp_path) == ["v1"]


def test_new_directory_when_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    with (
        pytest.raises(StoreError, match=r"cannot write .*v1: Not a directory"),
        new_directory(tmp_path / "file" / "v1"),
    ):
        pass
