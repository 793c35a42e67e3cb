"""What a file says of which addresses: rules of any of the files, and which of them count for an address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from protego import Protego

from tdcrawl.optout.table import Says, Signal


class How(StrEnum):
    """Say which rules of a statement count for an address: all that cover it, or some of those."""

    ALL = "all"
    LONGEST = "longest"
    FIRST = "first"
    ROBOTS = "robots"
    """Lines of a group of robots.txt, of which the longest match wins."""
    BY_TYPE = "by_type"
    """The same, in a file that names types of files: a page without one in its address is HTML."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Say what a file says of the addresses that a pattern covers (`*` and `$` as in robots.txt)."""

    path: str
    token: str
    says: Says


@dataclass(frozen=True, slots=True)
class Statement:
    """Hold the rules of one place in a file."""

    source: str
    place: str
    how: How
    rules: tuple[Rule, ...]

    def against(self, url: str) -> list[Signal]:
        """Give what speaks against training with the page at a URL."""
        return [Signal(self.source, self.place, rule.token) for rule in self._applying(url) if rule.says is Says.NO]

    @property
    def forbids(self) -> bool:
        """Say whether it speaks against training with anything at all."""
        return any(rule.says is Says.NO for rule in self.rules)

    def told(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "source": self.source, "place": self.place, "how": self.how,
            "rules": [[rule.path, rule.token, rule.says] for rule in self.rules],
        }  # fmt: skip

    def _applying(self, url: str) -> Sequence[Rule]:
        if self.how in {How.ROBOTS, How.BY_TYPE}:
            addresses = [url] if self.how is How.ROBOTS else [url, _as_html(url)]
            lines = tuple(rule.path for rule in self.rules)
            return [] if all(allows(lines, address) for address in addresses) else [_disallowed(self.rules)]
        found = [rule for rule in self.rules if covers(rule.path, url)]
        if self.how is How.FIRST:
            return found[:1]
        if self.how is How.LONGEST:
            most = max((len(rule.path) for rule in found), default=0)
            return [rule for rule in found if len(rule.path) == most]
        return found


def against_all(signal: Signal) -> Statement:
    """Build the statement of a word against training that counts whatever the address."""
    return Statement(signal.source, signal.place, How.ALL, (Rule("/", signal.token, Says.NO),))


def read_back(told: Iterable[dict[str, Any]]) -> list[Statement]:
    """Build statements from the JSON values that they were told as."""
    return [
        Statement(one["source"], one["place"], How(one["how"]), tuple(_rule(*rule) for rule in one["rules"]))
        for one in told
    ]


def covers(pattern: str, url: str) -> bool:
    """Say whether a pattern covers a URL, as a line of robots.txt would: by its path and query alone."""
    return pattern in {"", "/"} or not allows((f"Disallow: {_in_a_line(pattern)}",), url)


def allows(lines: tuple[str, ...], url: str) -> bool:
    """Say whether lines of a group of robots.txt allow a URL."""
    return parsed(lines).can_fetch(url, "*")


@lru_cache(maxsize=1_000)
def parsed(lines: tuple[str, ...]) -> Protego:
    """Parse lines of a group of robots.txt, as everybody's."""
    return Protego.parse("\n".join(["User-agent: *", *lines]))


def _rule(path: str, token: str, says: str) -> Rule:
    return Rule(path, token, Says(says))


def _disallowed(rules: Iterable[Rule]) -> Rule:
    return next(rule for rule in rules if rule.says is Says.NO)


def _in_a_line(pattern: str) -> str:
    return "%20".join(pattern.split()).replace("#", "%23")


def _as_html(url: str) -> str:
    """Give the address that a page would have, if its address named what type of file it is."""
    parts = urlsplit(url)
    if "." in parts.path.rpartition("/")[2]:
        return url
    path = f"{parts.path}index" if parts.path.endswith("/") or not parts.path else parts.path
    return parts._replace(path=f"{path}.html", query="", fragment="").geturl()
