"""How the bytes of a page become characters, where what it says of that is not so."""

from contextlib import suppress

from w3lib.encoding import html_body_declared_encoding

_UTF8 = "utf-8"


def encoding_of(body: bytes, said: str) -> str:
    """Give the encoding of a page, from its bytes and what it is said to be.

    What reads as UTF-8 is UTF-8: hardly any text in another encoding does. What cannot be what it is said to be is what
    the page itself declares, if it can be that. Else all is lost that cannot be read, and the record says so.
    """
    if body.isascii():
        return said
    candidates = (_UTF8, said, html_body_declared_encoding(body))
    return next((encoding for encoding in candidates if encoding and _reads(body, encoding)), said)


def _reads(body: bytes, encoding: str) -> bool:
    with suppress(UnicodeDecodeError, LookupError):
        return bool(body.decode(encoding))
    return False
