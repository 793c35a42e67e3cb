"""A page is read back as it came; one that is not whole is not read at all."""

import asyncio
import gzip
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Headers, HtmlResponse, Request, XmlResponse

from tdcrawl.archiving import fetched, response_of
from tdcrawl.errors import StoreError
from tdcrawl.store.archive import Archive, Fetched, Place, read_page
from tests.builders import NOON

HTML = [("Content-Type", "text/html; charset=utf-8"), ("Link", "</a>"), ("Link", "</b>")]
WHEN = datetime(2026, 6, 1, 12, 30, 15, 123456, tzinfo=UTC)
PAGE = Fetched("https://shop.example/product/17?page=2", 200, HTML, "<p>Grüße</p>".encode(), WHEN)


def keep(data_dir: Path, pages: Sequence[Fetched]) -> list[Place]:
    """Archive some pages in one process of a run."""

    async def all_of_them() -> list[Place]:
        return await asyncio.gather(*map(archive.keep, pages))

    archive = Archive(data_dir, "run-1", "tdcrawl/0")
    try:
        return asyncio.run(all_of_them())
    finally:
        archive.close()


def file_of(data_dir: Path, place: Place) -> Path:
    return data_dir / "archive" / place.file


@given(st.lists(st.tuples(st.binary(), st.sampled_from(list(HTTPStatus)), st.booleans()), min_size=1))
def test_pages_are_read_back_as_they_came(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[bytes, int, bool]]
) -> None:
    pages = [
        Fetched(PAGE.url, 200 if rendered else status, HTML[:1] if rendered else HTML, body, WHEN, rendered=rendered)
        for body, status, rendered in drawn
    ]
    folder = tmp_path_factory.mktemp("archive")
    assert [read_page(folder, place) for place in keep(folder, pages)] == pages


def test_archive_is_one_gzip_member_a_page_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = keep(tmp_path, [PAGE, PAGE])
    path = file_of(tmp_path, first)
    member = path.read_bytes()[first.offset : second.offset]
    told = b"WARC/1.1\r\nWARC-Date: 2026-06-01T12:30:15.123456Z\r\nWARC-Type: response"
    assert gzip.decompress(member).startswith(told)
    assert stat.S_IMODE((tmp_path / "archive").stat().st_mode) == 0o700


def test_page_is_refused_where_a_kill_has_cut_it_off(tmp_path: Path) -> None:
    whole, cut = keep(tmp_path, [PAGE, PAGE])
    path = file_of(tmp_path, cut)
    path.write_bytes(path.read_bytes()[:-200])
    assert read_page(tmp_path, whole) == PAGE
    with pytest.raises(StoreError, match=f"holds no whole page at byte {cut.offset}"):
        read_page(tmp_path, cut)


@pytest.mark.attack("a page of the archive that was changed", "refused")
def test_page_is_refused_where_it_was_changed(tmp_path: Path) -> None:
    (place,) = keep(tmp_path, [PAGE])
    path = file_of(tmp_path, place)
    plain = gzip.decompress(path.read_bytes()[place.offset :]).replace(b"Gr\xc3\xbc", b"Gr\xc3\xb6")
    path.write_bytes(path.read_bytes()[: place.offset] + gzip.compress(plain))
    with pytest.raises(StoreError, match="it was damaged"):
        read_page(tmp_path, place)


def test_page_is_refused_where_its_file_is_gone(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot read .*gone\.warc\.gz: No such file"):
        read_page(tmp_path, Place("gone.warc.gz", 0))


def test_archive_raises_where_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot write .*archive"):
        keep(tmp_path, [PAGE])


def test_response_is_kept_without_cookies_and_how_it_was_sent() -> None:
    cookie, how = {"Set-Cookie": "session=secret"}, {"Content-Encoding": "gzip", "Content-Length": "17"}
    sent = {"Content-Type": "text/html", **cookie, **how, "X-Robots-Tag": "noai"}
    request = Request("https://shop.example/")
    kept = fetched(HtmlResponse(request.url, headers=Headers(sent), body=b"<p>1", request=request))
    assert dict(kept.headers) == {"Content-Type": "text/html", "X-Robots-Tag": "noai"}


def test_rendered_page_is_kept_as_the_browser_had_it() -> None:
    request = Request("https://shop.example/", meta={"playwright": True})
    kept = fetched(HtmlResponse(request.url, body="<p>ä".encode("latin-1"), encoding="latin-1", request=request))
    assert (kept.rendered, kept.headers) == (True, [("Content-Type", "text/html; charset=latin-1")])
    response = response_of(kept)
    assert isinstance(response, HtmlResponse)
    assert response.text == "<p>ä"


def test_response_from_the_archive_is_of_the_kind_that_came() -> None:
    sitemap = Fetched("https://shop.example/s", 200, [("Content-Type", "application/xml")], b"<urlset/>", NOON)
    assert isinstance(response_of(sitemap), XmlResponse)
    assert response_of(PAGE).headers.getlist("Link") == [b"</a>", b"</b>"]


def test_response_from_the_archive_is_read_as_it_was_when_its_headers_lie() -> None:
    headers = [("Content-Type", "text/html; charset=iso-8859-1")]
    response = response_of(Fetched("https://shop.example/", 200, headers, "<p>schön".encode(), NOON))
    assert isinstance(response, HtmlResponse)
    assert response.text == "<p>schön"
