"""What the arguments of our commands may be; argparse prints what is wrong with one, and exits with 2."""

import re
from argparse import ArgumentTypeError
from pathlib import Path

_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")


def folder(value: str) -> Path:
    """Read a folder of this machine: as a path, an address of a store would name one that nobody meant."""
    if _ELSEWHERE.match(value):
        raise ArgumentTypeError(f"{value!r} is no folder of this machine; write to one, and copy it from there")
    return Path(value)
