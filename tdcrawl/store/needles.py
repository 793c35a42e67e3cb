"""What must be nowhere, and looking for it: texts, names and hashes by their words, addresses whole."""

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from mmap import mmap
from typing import Any

from tdcrawl import text

_KEY_TOKENS = 4
_LEAST_TOKENS = 8
# What stands in a page as somebody wrote it, and in a record masked.
_MASKED = re.compile(r"\[(?:email|phone|card|order)\]")
_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_JSON_CODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_JSON_SIGN = re.compile(r"\\(?:([\"\\/])|[bfnrt])")
_CHARSET = re.compile(rb"charset=[\"']?([\w-]+)", re.IGNORECASE)
_HEAD = 8192
# Where a word may stand in other bytes than its own: with signs that nobody sees, in other forms of letters, in codes.
_DISGUISED = re.compile(
    rb"\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef(?:\xbb\xbf|[\xbc\xbd])|\xc2\xad|&(?:shy|zw)"
    rb"|\\u(?:00(?:[4-7]|3\d|ad)|20[0-6]|f[ef])"
    rb"|&#(?:x0*(?:[4-7]|3\d|ad|20[0-6]|f[ef])|0*(?:4[89]|5[0-7]|6[5-9]|[789]\d|1[012]\d|173|8[23]\d\d|65\d{3});)",
    re.IGNORECASE,
)
_HASH = re.compile(r"[0-9a-f]{32}")
_AS_IT_IS_STORED = re.compile(r"[^\"\\\x00-\x1f]{12,120}")
_MOST_BYTES_NEEDLES = 500

Tokens = tuple[str, ...]


class What(StrEnum):
    """Name what is looked for."""

    TEXT = "text"
    AUTHOR = "author"
    URL = "address"


class Needles:
    """Find texts of eight words and more, authors by name or hash, and addresses, however they are wrapped."""

    def __init__(self, texts: Iterable[str] = (), authors: Iterable[str] = (), urls: Iterable[str] = ()) -> None:
        self._texts, self._authors, self.urls = list(texts), list(authors), frozenset(urls)
        self._by_key: defaultdict[Tokens, list[tuple[Tokens, What]]] = defaultdict(list)
        for wanted, what in ((map(_fragment, self._texts), What.TEXT), (map(_tokens, self._authors), What.AUTHOR)):
            for tokens in wanted:
                if tokens and (what is What.AUTHOR or len(tokens) >= _LEAST_TOKENS):
                    self._by_key[tokens[:_KEY_TOKENS]].append((tokens, what))
        self._firsts = {key[0] for key in self._by_key}
        self._words = [_ascii_words(tokens) for wanted in self._by_key.values() for tokens, _ in wanted]

    def __bool__(self) -> bool:
        return bool(self._by_key or self.urls)

    def in_text(self, said: str) -> set[What]:
        """Say what is found in a text."""
        found = {What.URL} if self.urls and any(map(self._is_wanted, _ADDRESS.findall(said))) else set()
        tokens = _tokens(said) if self._by_key else ()
        for start, first in enumerate(tokens):
            if first in self._firsts:
                found |= set(self._at(tokens, start))
        return found

    def in_values(self, value: Any) -> set[What]:
        """Say what is found in the texts of JSON values."""
        return set().union(*map(self.in_text, _strings(value)))

    def in_page(self, content: bytes) -> set[What]:
        """Say what is found in a page as it came: among its tags, entities and scripts."""
        if not self.urls and not self._may_be_in(content.replace(b"\0", b"")):
            return set()
        plain = _readable(_decoded(content))
        return self.in_text(plain) | self.in_text(_TAG.sub(" ", plain))

    def in_bytes(self, content: bytes | mmap) -> set[What]:
        """Say what is found in a file of whatever kind, as a database writes it."""
        return {what for pieces, what in self._pieces() if all(piece.search(content) for piece in pieces)}

    def _pieces(self) -> Iterator[tuple[list[re.Pattern[bytes]], What]]:
        """Give what to look for, 500 of a kind at most; a text in the pieces that stand as they are in JSON."""
        for said in self._texts[:_MOST_BYTES_NEEDLES]:
            if len(_fragment(said)) >= _LEAST_TOKENS and (pieces := _AS_IT_IS_STORED.findall(said)):
                yield [re.compile(re.escape(piece.encode("utf-8", "replace"))) for piece in pieces], What.TEXT
        for name in self._authors:
            if not _HASH.fullmatch(name):  # Its tombstone has it.
                yield [_alone(name, rb"\w")], What.AUTHOR
        for url in sorted(self.urls)[:_MOST_BYTES_NEEDLES]:
            yield [_alone(url, rb"[\w/?&=%#~+-]")], What.URL

    def _may_be_in(self, content: bytes) -> bool:
        """Say, ten times as fast as looking for them takes, whether all words of something stand anywhere in a page."""
        if len(self._words) > _MOST_BYTES_NEEDLES or _DISGUISED.search(content):
            return True
        lowered = content.lower()
        return any(all(word in lowered for word in words) for words in self._words)

    def _at(self, tokens: Tokens, start: int) -> Iterator[What]:
        for length in range(1, _KEY_TOKENS + 1):
            for wanted, what in self._by_key.get(tokens[start : start + length], ()):
                if tokens[start : start + len(wanted)] == wanted:
                    yield what

    def _is_wanted(self, address: str) -> bool:
        return address in self.urls or address.rstrip(".,;:!?)") in self.urls


def _ascii_words(tokens: Tokens) -> list[bytes]:
    """Give those words of something that are the same bytes in most encodings, the rarest first."""
    return [token.encode() for token in sorted(set(tokens), key=len, reverse=True) if token.isascii()]


def _alone(said: str, more: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?<!\w)" + re.escape(said.encode("utf-8", "replace")) + rb"(?!" + more + rb")")


def _tokens(said: str) -> Tokens:
    return tuple(text.token_text(text.normalise(said)).split())


def _fragment(said: str) -> Tokens:
    """Give the longest part of a text in which nothing was masked."""
    return max(map(_tokens, _MASKED.split(text.without_notices(said))), key=len)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, held in value.items():
            yield from _strings(name)
            yield from _strings(held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from _strings(held)


def _decoded(content: bytes) -> str:
    # Without them UTF-16 and UTF-32 are what the headers before a page are: ASCII, mostly.
    plain = content.replace(b"\0", b"")
    try:
        return plain.decode()
    except UnicodeDecodeError:
        named = _CHARSET.search(content, 0, _HEAD) if plain == content else None
    try:
        return plain.decode(named[1].decode() if named else "cp1252", "replace")
    except LookupError:
        return plain.decode("cp1252", "replace")


def _readable(page: str) -> str:
    """Undo what HTML and JSON do to texts; twice, for what stands in an attribute or in a script."""
    page = html.unescape(page)
    page = _JSON_CODE.sub(lambda code: chr(int(code[1], 16)), page)
    return html.unescape(_JSON_SIGN.sub(lambda sign: sign[1] or " ", page))
