"""What the arguments of our commands may be; argparse prints what is wrong with one, and exits with 2."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

from tdcrawl.errors import StoreError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.store.place import Place

_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")


def folder(value: str) -> Path:
    """Read a folder of this machine: as a path, an address of a store would name one that nobody meant."""
    if _ELSEWHERE.match(value):
        raise ArgumentTypeError(f"{value!r} is no folder of this machine; write to one, and copy it from there")
    return Path(value)


def place(value: str) -> Place:
    """Read a place for files: a folder, or an address in S3."""
    from tdcrawl.store.places import find  # noqa: PLC0415 - Scrapy imports this file for every command

    try:
        return find(value)
    except StoreError as error:
        raise ArgumentTypeError(str(error)) from None


def share(value: str) -> float:
    """Read a share of the whole."""
    try:
        return float(value)
    except ValueError:
        raise ArgumentTypeError(f"{value!r} is no share: a number above 0 and at most 1, e.g. 0.6") from None


def number_of(value: str) -> int:
    """Read how many there are to be, at least one."""
    if not (value.isascii() and value.isdecimal() and int(value)):
        raise ArgumentTypeError(f"{value!r} is no number: 1 or more is needed")
    return int(value)


def percentages(value: str) -> tuple[int, ...]:
    """Read the percentages of the three splits."""
    if not re.fullmatch(r"\d{1,3}(?:/\d{1,3}){2}", value, re.ASCII):
        raise ArgumentTypeError(f"{value!r} is no split: three percentages are needed, e.g. 80/10/10")
    return tuple(int(part) for part in value.split("/"))


def names(value: str) -> tuple[str, ...]:
    """Read names that commas part."""
    return tuple(name.strip() for name in value.split(","))


def type_option(parser: ArgumentParser) -> None:
    """Take the record type."""
    parser.add_argument("--type", choices=sorted(RECORD_TYPES), default="review", help="record type (default: review)")


def version_option(parser: ArgumentParser) -> None:
    """Take the name of a version."""
    parser.add_argument("version", metavar="vN", help="v1, v2, …")
