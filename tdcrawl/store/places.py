"""Find where a set of files is kept, and keep one in S3; beside parquet.py the other door to pyarrow."""

import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import fs

from tdcrawl import faults
from tdcrawl.errors import StoreError
from tdcrawl.redaction import redact
from tdcrawl.store.place import Folder, Place
from tdcrawl.store.s3_errors import NO_BUCKET, explained
from tdcrawl.store.telling import Tell

_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
# Nothing that an address would have to quote, no empty name, and none of dots alone.
_BUCKET = re.compile(r"s3://[A-Za-z0-9._-]{3,63}(?:/(?!\.+(?:/|$))[\w.=+-]+)*/?", re.ASCII)


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
    def new(self, last: str, tell: Tell, *, replace: bool = False) -> Generator[Path]:
        """Give a folder of this machine, whose files are uploaded; what an upload that was cut off left is replaced."""
        if not replace:
            self._refuse(self.files() & {last})
        try:
            with TemporaryDirectory(prefix="tdcrawl-") as draft:
                yield Path(draft)
                if replace:
                    self._remove(last)
                self._upload(Path(draft), last, tell)
        except OSError as error:
            raise StoreError(f"cannot write {self}, first in {gettempdir()}: {error.strerror or error}") from error

    def is_cut_off(self, last: str) -> bool:
        """Look for files without the last one."""
        there = self.files()
        return bool(there) and last not in there

    @contextmanager
    def here(self) -> Generator[Path]:
        """Give copies, which are deleted in the end."""
        with TemporaryDirectory(prefix="tdcrawl-") as folder:
            with explained(f"read {self}"):
                filesystem, path = self._open()
                fs.copy_files(path, folder, source_filesystem=filesystem, destination_filesystem=fs.LocalFileSystem())
            yield Path(folder)

    def _remove(self, last: str) -> None:
        """Delete all files, `last` before the others: without it they do not count."""
        with explained(f"write {self}", "run it again once that is mended"):
            filesystem, path = self._open()
            for name in sorted(self.files(), key=lambda name: (name != last, name)):
                filesystem.delete_file(f"{path}/{name}")

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
