"""A page is read in the encoding of its bytes; what it says of it counts where they can be that."""

import pytest

from tdcrawl.extract.encodings import encoding_of

WORDS = "Ein schöner Kessel für Tee, 19 €"
CYRILLIC = "<meta charset=windows-1251><p>Хороший чайник"


@pytest.mark.parametrize(
    ("body", "said", "text"),
    [
        (WORDS.encode(), "utf-8", WORDS),
        (WORDS.encode(), "cp1252", WORDS),
        (WORDS.encode("cp1252"), "cp1252", WORDS),
        (CYRILLIC.encode("cp1251"), "utf-8", CYRILLIC),
        (CYRILLIC.encode("cp1251"), "cp1251", CYRILLIC),
        ("良い製品です".encode("shift_jis"), "shift_jis", "良い製品です"),
        ("良い製品です".encode("iso2022_jp"), "iso2022_jp", "良い製品です"),
        (WORDS.encode("utf-16"), "utf-16", WORDS),
        # Nothing tells what it is: what cannot be read is lost, and is seen to be.
        ("für Tee".encode("latin-1"), "utf-8", "f\N{REPLACEMENT CHARACTER}r Tee"),
        (b"Tee \xff", "no_encoding", "Tee \N{REPLACEMENT CHARACTER}"),
        (b"", "ascii", ""),
    ],
)
def test_page_is_read_in_the_encoding_that_its_bytes_tell(body: bytes, said: str, text: str) -> None:
    encoding = encoding_of(body, said)
    assert body.decode("utf-8" if encoding == "no_encoding" else encoding, "replace") == text
