"""What must be nowhere is found however it is wrapped, and what only resembles it is not."""

import html
import json

import pytest

from tdcrawl.store.needles import Needles, What

TEXT = 'It boils "fast" & quietly\u200b, and has not leaked once:\nfive stars — même à l’étage!'
OTHER = "It boils fast and slowly, and has not leaked once: five stars, même à l’étage!"
URL = "https://shop.example/product/1?color=red"


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{html.escape(TEXT)}</p>",
        f"<p>{html.escape(TEXT).replace(' and', '<br/>and')}</p>",
        f'<script type="application/ld+json">{json.dumps({"reviewBody": TEXT})}</script>',
        f"<script>{json.dumps(TEXT, ensure_ascii=False)}</script>",
        f"<div data-review='{html.escape(json.dumps({'text': TEXT}))}'></div>",
        "".join(f"&#{ord(sign)};" for sign in TEXT),
        "".join(f"&#x{ord(sign):x};" for sign in TEXT),
        "".join(f"\\u{ord(sign):04x}" for sign in TEXT),
        TEXT.replace("t", "t\u00ad"),
        TEXT.replace("l", "l&#8203;").replace("o", "o&zwnj;"),
        "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in TEXT),
        f"<p>UPDATE: {html.escape(TEXT).upper()} Thanks again</p>",
    ],
)
def test_a_text_is_found_in_a_page(page: str) -> None:
    assert Needles([TEXT]).in_page(page.encode()) == {What.TEXT}
    assert Needles([OTHER]).in_page(page.encode()) == set()


def test_a_page_is_read_in_its_own_encoding() -> None:
    said = "il bout très vite, à l’étage comme à la cave, été comme hiver"
    page = f'<meta charset="windows-1252"><p>{said}</p>'.encode("cp1252")
    assert Needles([said]).in_page(page) == {What.TEXT}
    plain = "it boils fast and quietly and has not leaked once"
    assert Needles([plain]).in_page(b"charset=utf-16\r\n" + f"<p>{plain}</p>".encode("utf-16")) == {What.TEXT}


def test_a_masked_text_is_found_by_what_is_not_masked() -> None:
    kept = "Ring me on [phone] for the full and rather long story of this kettle"
    page = b"<p>Ring me on +44 20 7946 0958 for the full and rather long story of this kettle</p>"
    assert Needles([kept]).in_page(page) == {What.TEXT}


def test_a_short_text_is_not_looked_for() -> None:
    assert not Needles(["Lovely, thank you."])
    assert Needles(["Lovely, thank you."]).in_text("Lovely, thank you. Lovely.") == set()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("as Ida Quill wrote", {What.AUTHOR}),
        ("IDA  quill", {What.AUTHOR}),
        ("Ida Quillon", set()),
        ("Frida Quill", set()),
        (URL, {What.URL}),
        (f"see {URL}.", {What.URL}),
        (f"{URL}&size=2", set()),
        ("https://shop.example/product/1", set()),
    ],
)
def test_names_and_addresses_are_found_whole(said: str, found: set[What]) -> None:
    needles = Needles(authors=["Ida Quill"], urls=[URL])
    assert needles.in_text(said) == found
    assert needles.in_values({"a": ["x", {"b": said}]}) == found


def test_bytes_of_a_database_are_searched_as_it_writes_them() -> None:
    needles = Needles([TEXT], ["Ida Quill", "ab" * 16], [URL])
    stored = json.dumps({"text": TEXT, "by": "Ida Quill", "url": URL}, ensure_ascii=False).encode()
    assert needles.in_bytes(b"\x00\x01" + stored) == {What.TEXT, What.AUTHOR, What.URL}
    other = json.dumps({"text": OTHER, "by": "Ida Quillon", "url": f"{URL}&size=2", "key": "ab" * 16}).encode()
    assert needles.in_bytes(other) == set()
