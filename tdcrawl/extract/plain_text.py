"""Undo the HTML that shops leave inside their strings."""

import html
import re

# Only with their semicolon: without it, `R&D&notes` would lose its last word to the sign for "not".
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,30});")
# Only tags that HTML knows, so that "a <b and c> d" in another sense is rare and "<3" and "x < y" are safe.
_BREAK = re.compile(r"</?(?:br|p|div|li|ul|ol|h[1-6]|hr|tr|table|blockquote)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|big|code|em|font|i|img|mark|s|small|span|strong|sub|sup|td|th|u)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
LONGEST = 100_000
"""More characters than any record may hold: the rest would only take its time until the record is refused."""


def plain_text(value: str) -> str:
    """Turn escaped entities into characters (twice, for `&amp;quot;`), breaks into newlines, and drop other tags.

    What is too long for any record is cut, but not so short that it no longer is.
    """
    if len(value) > 2 * LONGEST:
        return value[:LONGEST]
    if "&" in value:
        value = _unescaped(_unescaped(value))
    if "<" in value:
        value = _INLINE.sub("", _BREAK.sub("\n", value))
    return value[:LONGEST]


def _unescaped(value: str) -> str:
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), value)
