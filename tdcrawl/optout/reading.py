"""MAY WE TRAIN ON IT? What a host says of itself, read once; the most restrictive of all that it says counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from tdcrawl.optout.robots_txt import RobotsTxt
from tdcrawl.optout.statements import Statement
from tdcrawl.optout.table import Signal

_MOST_UNKNOWN = 50
TOO_MANY_REQUESTS, SERVER_ERROR, CLIENT_ERROR = 429, 500, 400


class Verdict(StrEnum):
    """Say whether a host lets us train: with all of it, with none or with a part; or that it could not be asked."""

    ALLOWED = "allowed"
    IN_PART = "in_part"
    OPTED_OUT = "opted_out"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class File:
    """Hold a file of a site as it came: `status` is None where nothing came, `problem` says what is wrong with it."""

    url: str
    status: int | None
    content: bytes = b""
    problem: str | None = None

    @property
    def why(self) -> str:
        """Say how it came to be, or not to be, there."""
        return self.problem or f"HTTP {self.status}"

    @property
    def is_there(self) -> bool:
        """Say whether the file itself came."""
        return self.status is not None and self.status < 300

    @property
    def cannot_be_told(self) -> bool:
        """Say whether nobody knows if it is there: the server cannot answer, or asks us to wait (RFC 9309, 2.3.1)."""
        return self.status is None or self.status == TOO_MANY_REQUESTS or self.status >= SERVER_ERROR

    def told(self) -> dict[str, Any]:
        """Give what is kept of it: its address, status, size and SHA-256, in JSON values."""
        digest = sha256(self.content).hexdigest() if self.is_there else None
        told = {"url": self.url, "status": self.status, "bytes": len(self.content), "sha256": digest}
        return told | ({"problem": self.problem} if self.problem else {})


@dataclass(frozen=True)
class Reading:
    """Hold what was read of a host, when (UTC), and for which agents; made by site_reading.py."""

    host: str
    at: datetime
    robots_txt: File
    robots: RobotsTxt
    files: Sequence[File] = ()
    statements: Sequence[Statement] = ()
    unknown: Sequence[str] = ()
    agent: str = ""
    agents: Sequence[str] = field(default=())

    def against(self, url: str) -> list[Signal]:
        """Give all that speaks against training with the page at a URL."""
        return against(self.statements, url)

    @property
    def verdict(self) -> Verdict:
        """Say how the host as a whole stands."""
        if self.robots_txt.cannot_be_told:
            return Verdict.UNAVAILABLE
        if not any(statement.forbids for statement in self.statements):
            return Verdict.ALLOWED
        return Verdict.OPTED_OUT if self.against(f"http://{self.host}/") else Verdict.IN_PART

    def told(self) -> dict[str, Any]:
        """Give what is kept as evidence, in JSON values."""
        return {
            "verdict": self.verdict,
            "files": [file.told() for file in (self.robots_txt, *self.files)],
            "statements": [statement.told() for statement in self.statements],
            "unknown": list(self.unknown[:_MOST_UNKNOWN]),
            "agents": [self.agent, *self.agents],
        }


def against(statements: Sequence[Statement], url: str) -> list[Signal]:
    """Give what any of these says against training with the page at a URL, each once."""
    return list(dict.fromkeys(signal for statement in statements for signal in statement.against(url)))
