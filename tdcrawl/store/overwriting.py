"""Writing over pages of the archive: what stood there is gone, and all others stay where they are.

A page is one gzip member. In its place goes a member of the same length that holds an empty record, so no offset
changes, whoever writes at the end of the file is not disturbed, and doing it twice does no harm.
"""

import os
import struct
import uuid
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from tdcrawl.errors import StoreError
from tdcrawl.store.archive import FOLDER, Place

_GZIP = 31
_PIECE = 1 << 20
_HEADER = bytes.fromhex("1f8b08000000000000ff")
_FRAME = len(_HEADER) + 8
_MOST_IN_A_BLOCK, _BLOCK = 65_535, 5
_RECORD = (
    "WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:{id}>\r\nWARC-Date: {date}\r\n"
    "Content-Type: application/octet-stream\r\nContent-Length: {length:010}\r\n\r\n"
)
_END = b"\r\n\r\n"


def members(path: Path) -> Iterator[tuple[int, bytes]]:
    """Read the members of a gzip file, each with its offset; what is no whole member, at its end, is left out."""
    with path.open("rb") as file:
        offset = 0
        with suppress(zlib.error):
            while (found := _member(file, offset)) is not None:
                content, end = found
                yield offset, content
                offset = end


def write_over(data_dir: Path, place: Place) -> None:
    """Write over a page; one that is not there whole is cut off. Raises StoreError where it cannot be done."""
    path = data_dir / FOLDER / place.file
    try:
        with path.open("r+b") as file:
            found = _member(file, place.offset)
            if found is None:
                file.truncate(place.offset)
            else:
                file.seek(place.offset)
                file.write(_filler(found[1] - place.offset))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    except zlib.error as error:
        raise StoreError(f"{path} is damaged at byte {place.offset}, a page to erase: delete the file") from error
    except OSError as error:
        raise StoreError(f"cannot write over a page of {path}: {error.strerror or error}") from error


def archive_files(data_dir: Path) -> list[Path]:
    """List the files of the archive."""
    return sorted((data_dir / FOLDER).rglob("*.warc.gz"))


def place_in(data_dir: Path, path: Path, offset: int) -> Place:
    """Name a page of a file of the archive as the ledger does."""
    return Place(path.relative_to(data_dir / FOLDER).as_posix(), offset)


def _member(file: BinaryIO, offset: int) -> tuple[bytes, int] | None:
    """Unpack the member at an offset; gives it with the offset behind it."""
    file.seek(offset)
    unpacker, pieces = zlib.decompressobj(_GZIP), list[bytes]()
    while not unpacker.eof:
        if not (packed := file.read(_PIECE)):
            return None
        pieces.append(unpacker.decompress(packed))
    return b"".join(pieces), file.tell() - len(unpacker.unused_data)


def _filler(length: int) -> bytes:
    """Build a gzip member of so many bytes: a record of nothing, not packed, so that its length can be chosen."""
    room = length - _FRAME
    blocks = -(-room // (_MOST_IN_A_BLOCK + _BLOCK))
    record = _empty_record(room - blocks * _BLOCK)
    size = -(-len(record) // blocks)
    pieces = [record[turn * size : (turn + 1) * size] for turn in range(blocks)]
    packed = b"".join(
        struct.pack("<BHH", turn == blocks - 1, len(piece), len(piece) ^ 0xFFFF) + piece
        for turn, piece in enumerate(pieces)
    )
    return _HEADER + packed + struct.pack("<II", zlib.crc32(record), len(record) & 0xFFFFFFFF)


def _empty_record(length: int) -> bytes:
    told = {"id": uuid.uuid4(), "date": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")}
    body = length - len(_RECORD.format(**told, length=0)) - len(_END)
    if body < 0:  # No page is as short: its own record says as much.
        return b" " * length
    return _RECORD.format(**told, length=body).encode() + b" " * body + _END
