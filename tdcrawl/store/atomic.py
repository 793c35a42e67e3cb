"""Directories that are there whole or not at all."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tdcrawl import faults
from tdcrawl.errors import StoreError


@contextmanager
def new_directory(target: Path, *, replace: bool = False) -> Generator[Path]:
    """Give a hidden sibling to write into; once the block is left it is synced and becomes the target.

    After an error nothing of it remains. Raises StoreError where the target exists, unless it is to be replaced, or
    cannot be written.
    """
    if target.exists() and not replace:
        raise StoreError(f"{target} is in the way: move it, or choose another place")
    drafts = f".{target.name}.tmp-"
    draft = target.with_name(f"{drafts}{secrets.token_hex(4)}")
    if replace:
        for left_by_a_kill in target.parent.glob(f"{drafts}*"):
            shutil.rmtree(left_by_a_kill, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        yield draft
        _sync_tree(draft)
        faults.point("export_before_rename")
        if replace:
            shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
        faults.point("export_after_rename")
        _sync(target.parent)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def one_at_a_time(folder: Path) -> Generator[None]:
    """Wait until no other process is at work in a folder: what is half written there then was left by a kill.

    Raises StoreError where the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error.strerror or error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def aside(folder: Path) -> Generator[Path]:
    """Give a hidden folder within another to put things aside; once the block is left it is gone."""
    with TemporaryDirectory(prefix=".", dir=folder) as scratch:
        yield Path(scratch)


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
