"""Where a set of files is kept: in a folder of this machine or in S3; beside parquet.py the other door to pyarrow."""

import hashlib
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import fs

from tdcrawl import faults
from tdcrawl.errors import StoreError
from tdcrawl.redaction import redact
from tdcrawl.store.atomic import new_directory
from tdcrawl.store.s3_errors import NO_BUCKET, explained
from tdcrawl.store.telling import Tell

_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
# Nothing that an address would have to quote, no empty name, and none of dots alone.
_BUCKET = re.compile(r"s3://[A-Za-z0-9._-]{3,63}(?:/(?!\.+(?:/|$))[\w.=+-]+)*/?", re.ASCII)
# So many bytes a request.
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
    def new(self, last: str, tell: Tell) -> AbstractContextManager[Path]:
        """Give an empty folder to write into; once the block is left its files are here, and `last` after the others.

        Raises StoreError where the place is taken or cannot be written.
        """

    def fingerprint(self, name: str) -> dict[str, Any]:
        """Measure a file: its bytes and their SHA-256."""
        digest, size = hashlib.sha256(), 0
        with self.open(name) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
        return {"bytes": size, "sha256": digest.hexdigest()}


def find(name: "str | Path | Place") -> Place:
    """Find the place of that name, a path or `s3://bucket/prefix`; raises StoreError where it is neither."""
    name = str(name)
    if _BUCKET.fullmatch(name):
        return Bucket(name.rstrip("/"))
    if name.startswith("file://"):
        try:
            return Folder(Path(fs.LocalFileSystem.from_uri(name)[1]))
        except (ValueError, pa.ArrowInvalid):
            pass
    elif not _ELSEWHERE.match(name):
        return Folder(Path(name).absolute())
    raise StoreError(
        f"{redact(name)!r} is no place to keep files in: a folder, or s3://bucket/prefix of letters, digits and -_.=+ "
        "(credentials and endpoint belong into AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL_S3)"
    )


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

    def new(self, last: str, tell: Tell) -> AbstractContextManager[Path]:
        """Give a hidden sibling, which becomes the folder: so no file comes after the others."""
        return new_directory(self.path)


@dataclass(frozen=True)
class Bucket(Place):
    """Keep files in S3; endpoint, region and credentials are those that the AWS SDK finds by itself."""

    uri: str

    def __str__(self) -> str:
        return self.uri

    def __truediv__(self, name: str) -> "Bucket":
        return Bucket(f"{self.uri}/{name}")

    def is_same(self, other: Place) -> bool:
        """Compare addresses."""
        return self == other

    def files(self) -> set[str]:
        """List the files under the prefix, and ask whether there is such a bucket where there are none."""
        with explained(f"read {self}"):
            filesystem, path = self._open()
            found = filesystem.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
            there = bool(found) or filesystem.get_file_info(path.partition("/")[0]).type == fs.FileType.Directory
        if not there:
            raise StoreError(f"cannot read {self}: {NO_BUCKET}")
        return {info.path.removeprefix(f"{path}/") for info in found if info.is_file}

    @contextmanager
    def open(self, name: str) -> Generator[BinaryIO]:
        """Open a file, which is read as it is asked for."""
        with explained(f"read {self / name}"):
            filesystem, path = self._open()
            with filesystem.open_input_file(f"{path}/{name}") as file:
                yield file

    @contextmanager
    def new(self, last: str, tell: Tell) -> Generator[Path]:
        """Give a folder of this machine, whose files are uploaded; what an upload that was cut off left is replaced."""
        self._refuse(self.files() & {last})
        try:
            with TemporaryDirectory(prefix="tdcrawl-") as draft:
                yield Path(draft)
                self._upload(Path(draft), last, tell)
        except OSError as error:
            raise StoreError(f"cannot write {self}, first in {gettempdir()}: {error.strerror or error}") from error

    def _upload(self, draft: Path, last: str, tell: Tell) -> None:
        names = sorted(Folder(draft).files(), key=lambda name: (name == last, name))
        there = self.files()
        # What would not be replaced, readers would take for a part of the set.
        self._refuse((there - {*names}) | (there & {last}))
        with explained(f"write {self}", "run it again once that is mended"):
            filesystem, path = self._open()
            for done, name in enumerate(names):
                tell("files uploaded", done, len(names))
                faults.point("upload_file")
                fs.copy_files(
                    str(draft / name),
                    f"{path}/{name}",
                    source_filesystem=fs.LocalFileSystem(),
                    destination_filesystem=filesystem,
                )
        tell("files uploaded", len(names), len(names))

    def _refuse(self, there: set[str]) -> None:
        if there:
            raise StoreError(f"{self / min(there)} is in the way: move it, or choose another place")

    def _open(self) -> tuple[Any, str]:
        # An address is looked up with its bucket's region, but cannot say that no more is to be read of a file than
        # the network takes.
        found, path = fs.FileSystem.from_uri(self.uri)
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        return fs.S3FileSystem(region=found.region, endpoint_override=endpoint, background_writes=False), str(path)
