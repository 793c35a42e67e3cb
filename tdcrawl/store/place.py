"""Where a set of files is kept, and how that is in a folder of this machine; places.py knows of S3."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tdcrawl.errors import StoreError
from tdcrawl.store.atomic import new_directory
from tdcrawl.store.telling import Tell

# So many bytes at a time.
_BLOCK = 8 * 2**20


class Place(ABC):
    """Hold files by their names (`train/part-00000.parquet`); those of a set that is not finished do not count."""

    @abstractmethod
    def __str__(self) -> str: ...

    @abstractmethod
    def __truediv__(self, name: str) -> "Place": ...

    @abstractmethod
    def is_same(self, other: "Place") -> bool:
        """Say whether two names are names of one place."""

    @abstractmethod
    def files(self) -> set[str]:
        """List the files there are, none where the place itself is missing; raises StoreError where nobody can say."""

    @abstractmethod
    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file to read it; raises StoreError."""

    @abstractmethod
    def new(self, last: str, tell: Tell, *, replace: bool = False) -> AbstractContextManager[Path]:
        """Give an empty folder to write into; once the block is left its files are here, and `last` after the others.

        Raises StoreError where the place is taken, unless what is there is to be replaced, or cannot be written.
        """

    @abstractmethod
    def is_cut_off(self, last: str) -> bool:
        """Say whether something is here that was begun and not finished with `last`."""

    @abstractmethod
    def here(self) -> AbstractContextManager[Path]:
        """Give the files as those of a folder of this machine, while the block lasts."""

    def fingerprint(self, name: str) -> dict[str, Any]:
        """Measure a file: its bytes and their SHA-256."""
        digest, size = hashlib.sha256(), 0
        with self.open(name) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
        return {"bytes": size, "sha256": digest.hexdigest()}


@dataclass(frozen=True)
class Folder(Place):
    """Keep files in a folder of this machine, which is there whole or not at all."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def __truediv__(self, name: str) -> "Folder":
        return Folder(self.path / name)

    def is_same(self, other: Place) -> bool:
        """Compare where paths lead."""
        return isinstance(other, Folder) and self.path.resolve() == other.path.resolve()

    def files(self) -> set[str]:
        """List all but folders, hidden files too."""
        return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if not path.is_dir()}

    @contextmanager
    def open(self, name: str) -> Generator[BinaryIO]:
        """Open a file."""
        try:
            with (self.path / name).open("rb") as file:
                yield file
        except OSError as error:
            raise StoreError(f"cannot read {self / name}: {error.strerror or error}") from error

    def new(self, last: str, tell: Tell, *, replace: bool = False) -> AbstractContextManager[Path]:
        """Give a hidden sibling, which becomes the folder: so no file comes after the others."""
        return new_directory(self.path, replace=replace)

    def is_cut_off(self, last: str) -> bool:
        """Look for a hidden sibling that was not renamed, where the folder itself is missing."""
        return not self.path.exists() and any(self.path.parent.glob(f".{self.path.name}.tmp-*"))

    @contextmanager
    def here(self) -> Generator[Path]:
        """Give the folder itself."""
        yield self.path
