"""The archive: pages as they came, in WARC with a gzip member each, so that they can be read anew without their site.

Each process of a run writes a file of its own, and tells nobody of a page before it is in the file: a kill costs at
most what stands behind the last page that the ledger knows. warcio is imported where a page is written or read: most
commands need not wait for it.
"""

import asyncio
import gzip
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tdcrawl.errors import StoreError

if TYPE_CHECKING:
    from warcio import WARCWriter
    from warcio.recordloader import ArcWarcRecord

FOLDER = "archive"
"""Where it is in the data folder."""
_FETCHED, _RENDERED = "response", "resource"
_VERSION = "WARC/1.1"
_TIGHTNESS = 3


@dataclass(frozen=True, slots=True)
class Fetched:
    """Hold a page as it came: its last address, HTTP status and headers, the decoded body, and when (UTC).

    `rendered` says that the body is what a browser had made of the page.
    """

    url: str
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    at: datetime
    rendered: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Say where a page is: in which file of the archive, from which byte on."""

    file: str
    offset: int


class Archive:
    """Keep the pages of one process of a run, on a thread of its own: packing a page takes milliseconds."""

    def __init__(self, data_dir: Path, run_id: str, software: str) -> None:
        self._folder = data_dir / FOLDER
        self.name = f"{run_id}/{secrets.token_hex(8)}.warc.gz"
        self._about = {"software": software, "format": _VERSION}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive")

    def keep(self, page: Fetched) -> asyncio.Future[Place]:
        """Write a page; the result is its place. Raises StoreError where it cannot be written."""
        return asyncio.wrap_future(self._thread.submit(self._write, page))

    def close(self) -> None:
        """Finish what is being written."""
        self._thread.shutdown()
        if "_file" in vars(self):
            self._file.close()

    @cached_property
    def _file(self) -> BinaryIO:
        path = self._folder / self.name
        # Pages hold what people wrote, with their names: nobody else on this machine need read them.
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        file = path.open("xb")
        file.write(_packed(lambda writer: writer.create_warcinfo_record(path.name, self._about)))
        return file

    def _write(self, page: Fetched) -> Place:
        try:
            place = Place(self.name, self._file.tell())
            self._file.write(_packed(lambda writer: _record(writer, page)))
            self._file.flush()
        except OSError as error:
            raise StoreError(f"cannot write {self._folder / self.name}: {error.strerror or error}") from error
        return place


def read_page(data_dir: Path, place: Place) -> Fetched:
    """Read a page back; raises StoreError where it is not there, or not as it was written."""
    from warcio import ArchiveIterator  # noqa: PLC0415
    from warcio.exceptions import ArchiveLoadFailed  # noqa: PLC0415

    path = data_dir / FOLDER / place.file
    try:
        with path.open("rb") as file:
            file.seek(place.offset)
            record = next(ArchiveIterator(file, check_digests="raise"))
            if record.rec_type not in {_FETCHED, _RENDERED}:
                raise StoreError(f"the page at byte {place.offset} of {path} was erased")
            return _page(record)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}") from error
    except (ArchiveLoadFailed, StopIteration, ValueError) as error:
        raise StoreError(f"{path} holds no whole page at byte {place.offset}: it was damaged") from error


def _packed(record: Callable[["WARCWriter"], "ArcWarcRecord"]) -> bytes:
    """Write a record as one gzip member."""
    from warcio import WARCWriter  # noqa: PLC0415

    packed = BytesIO()
    # warcio packs as tightly as can be, in twice the time for a sixteenth of the room.
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=_TIGHTNESS, mtime=0) as plain:
        writer = WARCWriter(plain, gzip=False, warc_version=_VERSION)
        writer.write_record(record(writer))
    return packed.getvalue()


def _record(writer: "WARCWriter", page: Fetched) -> "ArcWarcRecord":
    """Build what is written; what a browser made of a page is no answer of its server."""
    from warcio import StatusAndHeaders  # noqa: PLC0415

    date = {"WARC-Date": page.at.isoformat().replace("+00:00", "Z")}
    if page.rendered:
        kind = dict(page.headers).get("Content-Type", "text/html; charset=utf-8")
        return writer.create_warc_record(
            page.url, _RENDERED, BytesIO(page.body), len(page.body), kind, warc_headers_dict=date
        )
    reason = HTTPStatus(page.status).phrase if page.status in set(HTTPStatus) else ""
    headers = StatusAndHeaders(f"{page.status} {reason}", list(page.headers), "HTTP/1.1")
    return writer.create_warc_record(
        page.url, _FETCHED, BytesIO(page.body), len(page.body), warc_headers_dict=date, http_headers=headers
    )


def _page(record: "ArcWarcRecord") -> Fetched:
    told, body = record.rec_headers, record.content_stream().read()
    url, at = told.get_header("WARC-Target-URI"), datetime.fromisoformat(told.get_header("WARC-Date"))
    if record.rec_type == _RENDERED:
        return Fetched(url, HTTPStatus.OK, [("Content-Type", told.get_header("Content-Type"))], body, at, rendered=True)
    return Fetched(url, int(record.http_headers.get_statuscode()), record.http_headers.headers, body, at)
