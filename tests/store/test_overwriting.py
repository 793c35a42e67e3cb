"""Pages of the archive that are written over: nothing of them is left, and all others are where they were."""

import asyncio
import gzip
import random
from pathlib import Path

import pytest
from warcio import ArchiveIterator

from tdcrawl.errors import StoreError
from tdcrawl.store import overwriting
from tdcrawl.store.archive import FOLDER, Archive, Fetched, Place, read_page
from tdcrawl.store.overwriting import archive_files, members, place_in, write_over
from tests.builders import NOON

WORDS = random.Random(7)  # noqa: S311 - nothing here is secret


def keep(folder: Path, *bodies: bytes) -> list[Place]:
    """Write pages with these bodies to one file."""

    async def write() -> list[Place]:
        archive = Archive(folder, "run-1", "tests")
        pages = [Fetched("https://shop.example/1", 200, [("Content-Type", "text/html")], body, NOON) for body in bodies]
        places = [await archive.keep(page) for page in pages]
        archive.close()
        return places

    return asyncio.run(write())


@pytest.mark.parametrize("size", [0, 1, 300, 65_000, 70_000, 131_200, 400_000])
def test_a_page_is_written_over_and_no_other(tmp_path: Path, size: int) -> None:
    bodies = [b"first", b"a secret " + WORDS.randbytes(size), b"last"]
    first, secret, last = keep(tmp_path, *bodies)
    path = tmp_path / FOLDER / secret.file
    length = path.stat().st_size
    for _ in range(2):
        write_over(tmp_path, secret)
        assert path.stat().st_size == length
        assert b"secret" not in gzip.decompress(path.read_bytes())
        assert [read_page(tmp_path, place).body for place in (first, last)] == [b"first", b"last"]
        with path.open("rb") as file:
            kinds = [record.rec_type for record in ArchiveIterator(file, check_digests="raise")]
        assert kinds == ["warcinfo", "response", "metadata", "response"]
        with pytest.raises(StoreError, match=f"the page at byte {secret.offset} of .* was erased"):
            read_page(tmp_path, secret)


@pytest.mark.parametrize("length", [360, 65_535 + 18, 65_540 + 18, 65_541 + 18, 65_545 + 18, 65_546 + 18, 131_098])
def test_a_filler_has_any_length(length: int) -> None:
    filler = overwriting._filler(length)
    assert len(filler) == length
    assert gzip.decompress(filler).startswith(b"WARC/1.1\r\nWARC-Type: metadata\r\n")


def test_a_page_that_was_cut_off_is_cut_off_whole(tmp_path: Path) -> None:
    first, secret = keep(tmp_path, b"first", b"a secret")
    path = tmp_path / FOLDER / secret.file
    path.write_bytes(path.read_bytes()[:-5])
    write_over(tmp_path, secret)
    assert path.stat().st_size == secret.offset
    assert read_page(tmp_path, first).body == b"first"


def test_a_damaged_page_is_left_to_people(tmp_path: Path) -> None:
    secret, _ = keep(tmp_path, b"a secret", b"last")
    path = tmp_path / FOLDER / secret.file
    content = bytearray(path.read_bytes())
    content[secret.offset : secret.offset + 2] = b"no"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=f"damaged at byte {secret.offset}, a page to erase: delete the file"):
        write_over(tmp_path, secret)


def test_a_page_of_a_file_that_is_gone_is_gone(tmp_path: Path) -> None:
    write_over(tmp_path, Place("run-1/none.warc.gz", 0))
    assert archive_files(tmp_path) == []


def test_members_are_read_with_their_places(tmp_path: Path) -> None:
    places = keep(tmp_path, b"first", b"last")
    (path,) = archive_files(tmp_path)
    assert [place_in(tmp_path, path, offset) for offset, _ in members(path)][1:] == places
