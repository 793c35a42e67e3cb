"""The secrets of this process stay in it: they are hidden in what it logs, and in the errors that it keeps."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

_NAMES_A_SECRET = re.compile(r"(?:KEY|SECRET|TOKEN|PASS|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(?:_|$)")
_PASSWORD_IN_URL = re.compile(r"//[^\s/?#:]*:([^\s/?#]+)@")
# A shorter one would hide syllables and numbers everywhere; in an address it is hidden all the same.
_LEAST_CHARACTERS = 6
_HIDDEN = "***"


class _Redactor:
    """Hide secrets in texts, and user and password of each address whoever they belong to."""

    def __init__(self) -> None:
        self._spellings: set[str] = set()
        self.hide([])

    def hide(self, secrets: Iterable[str]) -> None:
        """Hide these from now on, however they are spelled: plain, quoted as in addresses, or as Python shows texts."""
        for secret in secrets:
            spellings = {secret, quote(secret, safe=""), unquote(secret), repr(secret)[1:-1]}
            self._spellings |= {spelling for spelling in spellings if len(spelling) >= _LEAST_CHARACTERS}
        # The longest first: of two secrets one may begin with the other.
        longest_first = sorted(self._spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join([r"(?<=//)[^\s/?#]+(?=@)", *map(re.escape, longest_first)]))

    def __call__(self, text: str) -> str:
        return self._pattern.sub(_HIDDEN, text)


redact = _Redactor()
"""Hides in a text what this process was told to hide. One for the process, as its environment is."""


def secrets_among(values: Mapping[str, Any]) -> Iterator[str]:
    """Find the secrets in settings or environment variables: by their names, and passwords in addresses."""
    for name, value in values.items():
        if isinstance(value, str):
            if _NAMES_A_SECRET.search(name):
                yield value
            yield from _PASSWORD_IN_URL.findall(value)
