"""WHAT IS IT CALLED? Is a text written for whoever labels it? Then people look at it, and no model does."""

import base64
import binascii
import codecs
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

import re2

from tdcrawl import text
from tdcrawl.outcomes import Bucket, LabelReason, Rejection

_KNOWN = tomllib.loads(resources.files(__package__).joinpath("orders.toml").read_text("utf-8"))
# Letters of other alphabets that look like Latin ones, and figures that stand for letters.
_LOOKALIKES = str.maketrans("аеіорсухѕјԁһνոԛԝοαερικυ", "aeiopcyxsjdhvnqwoaepiku")
_FIGURES = str.maketrans("0134578@$!", "oieastbasi")
_LETTERS = re2.compile(r"(?:\b\w ){5,}\w\b")
_ENCODED = re2.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_SHOWN = 120


def refuse_orders(said: str, labels: Sequence[str]) -> Rejection | None:
    """Leave a text to people that looks as if it gave orders to a labeller; None where it does not."""
    found = suspicion(said, labels)
    return suspected(f"it reads like an order: {found}") if found else None


def suspected(detail: str) -> Rejection:
    """Build the rejection of a text that gives orders."""
    return Rejection(Bucket.NEEDS_REVIEW, LabelReason.SUSPECTED_INJECTION, detail)


def suspicion(said: str, labels: Sequence[str]) -> str | None:
    """Quote what in a text looks like an order to a labeller, whatever it is dressed up as; None where nothing does."""
    orders = _orders(tuple(labels))
    found = _signs().search(said) or next(filter(None, map(orders.search, _views(said))), None)
    return str(found.group())[:_SHOWN] if found else None


def _views(said: str) -> Iterator[str]:
    """Read a text the ways in which orders are hidden: as it is, disguised, spelled out, encoded, backwards."""
    plain = text.normalise(said)
    yield plain
    undisguised = text.normalise(said.casefold().translate(_LOOKALIKES).translate(_FIGURES))
    if undisguised != plain:
        yield undisguised
    if _LETTERS.search(undisguised):
        yield _LETTERS.sub(lambda spelled: spelled.group().replace(" ", ""), undisguised)
    for encoded in _ENCODED.findall(said):
        yield text.normalise(_decoded(encoded))
    yield text.normalise(codecs.encode(said, "rot13"))
    yield text.normalise(said[::-1])


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


@cache
def _orders(labels: tuple[str, ...]) -> "re2._Regexp[str]":
    names = "|".join(dict.fromkeys((*labels, *_KNOWN["labels"])))
    return re2.compile("|".join(f"(?:{pattern.replace('LABEL', names)})" for pattern in _KNOWN["words"]))


@cache
def _signs() -> "re2._Regexp[str]":
    return re2.compile("|".join(f"(?:{pattern})" for pattern in _KNOWN["signs"]))
