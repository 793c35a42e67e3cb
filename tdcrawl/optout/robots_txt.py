"""robots.txt by the book (RFC 9309): which group is ours, and what else its lines say. Protego matches the paths."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from protego import Protego

from tdcrawl.optout.statements import How, Rule, Statement, parsed
from tdcrawl.optout.table import Says, meaning, shortened

MOST_BYTES = 512 * 1024
"""How much of a file is parsed; RFC 9309 (2.5) wants 500 KiB at least."""
ROBOTS, ANYBODY = "robots.txt", "*"
_END_OF_LINE = re.compile(r"\r\n|\r|\n")
# What Python, and so Protego, takes for the end of a line; RFC 9309 (2.2) does not.
_NO_END_OF_LINE = {ord(sign): quote(sign) for sign in "\v\f\x1c\x1d\x1e\x85\u2028\u2029"}
_LINE = re.compile(r"([A-Za-z][A-Za-z-]*)[ \t]*(?::|[ \t])[ \t]*(.*)")
_PRODUCT = re.compile(r"[\w.-]+")
_AGENT = "user-agent"
# What ends a row of User-agent lines. Others do not, and belong to no group: RFC 9309, 2.2.4.
_RULES = frozenset(
    {"allow", "disallow", "crawl-delay", "content-signal", "content-usage", "request-rate", "visit-time"}
)
_PREFERENCES = {"content-signal": "Content-Signal", "content-usage": "Content-Usage"}


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a line: its field in lower case, its value, and the line as it stands."""

    field: str
    value: str
    raw: str


class RobotsTxt:
    """Hold a robots.txt, or a file of its kind, by its groups; those of the same name are one."""

    def __init__(self, content: bytes) -> None:
        self.outside: list[Line] = []
        self._groups: defaultdict[str, list[Line]] = defaultdict(list)
        self._rules_of: dict[str, Protego] = {}
        current: list[str] = []
        in_rules = False
        for line in _lines(content):
            if line.field == _AGENT:
                current = [] if in_rules else current
                in_rules = False
                current.append(_product(line.value))
                self._groups[current[-1]].extend(())
                continue
            in_rules = in_rules or line.field in _RULES
            for name in dict.fromkeys(current):
                self._groups[name].append(line)
            if not current:
                self.outside.append(line)

    def names(self, agent: str) -> bool:
        """Say whether a group is for an agent by name."""
        return agent.lower() in self._groups

    def group(self, agent: str) -> list[Line]:
        """Give the lines of the group that an agent has to obey: its own, else everybody's, else none."""
        return self._groups.get(agent.lower(), self._groups.get(ANYBODY, []))

    def allowed(self, url: str, agent: str) -> bool:
        """Say whether an agent may fetch a URL."""
        if agent not in self._rules_of:
            self._rules_of[agent] = parsed(tuple(line.raw for line in self.group(agent)))
        return self._rules_of[agent].can_fetch(url, ANYBODY)

    def crawl_delay(self, agent: str) -> float:
        """Give the seconds that an agent is to wait between pages; 0 where nothing is said."""
        return max((_seconds(line.value) for line in self.group(agent) if line.field == "crawl-delay"), default=0)

    def values(self, field: str) -> list[str]:
        """Give the values of a field, wherever it stands in the file, each once."""
        return list(dict.fromkeys(line.value for line in _of(field, self._lines) if line.value))

    def statements(self, agent: str, others: Iterable[str]) -> Iterator[Statement]:
        """Give what is said of training: to us, to everybody, and to other agents that a group is for by name."""
        named = [name for name in others if self.names(name)]
        for field, place in _PREFERENCES.items():
            # A group of our own that is silent on it takes nothing back of what everybody is told.
            ours = _of(field, self.group(agent)) or _of(field, self.group(ANYBODY))
            lines = [*ours, *(line for group in (self.outside, *map(self.group, named)) for line in _of(field, group))]
            if rules := tuple(rule for line in lines for rule in preferences(place, line)):
                yield Statement(ROBOTS, place, How.LONGEST, rules)
        for name in named:
            if rules := tuple(_access(self.group(name))):
                yield Statement(ROBOTS, f"User-agent {name}", How.ROBOTS, rules)

    @property
    def _lines(self) -> list[Line]:
        return [*self.outside, *(line for group in self._groups.values() for line in group)]

    @cached_property
    def unknown(self) -> list[str]:
        """List the fields that are none of robots.txt, each once."""
        fields = (line.field for line in self._lines if meaning("User-agent", line.field) is Says.UNKNOWN)
        return [shortened(field) for field in dict.fromkeys(fields)]


def preferences(place: str, line: Line) -> Iterator[Rule]:
    """Read a line of preferences: perhaps a path, then words with commas between them."""
    first, _, rest = line.value.partition(" ")
    path, said = (first, rest) if first.startswith("/") else ("/", line.value)
    for token in filter(None, (each.partition(";")[0].strip() for each in said.split(","))):
        yield Rule(path, shortened(token), meaning(place, token))


def _of(field: str, group: Iterable[Line]) -> list[Line]:
    return [line for line in group if line.field == field]


def _access(group: Iterable[Line]) -> Iterator[Rule]:
    for line in group:
        if line.field in {"allow", "disallow"} and line.value:
            yield Rule(line.raw, line.field.capitalize(), meaning("User-agent", line.field))


def _lines(content: bytes) -> Iterator[Line]:
    if len(content) > MOST_BYTES:
        # Half of a line might forbid more than the whole.
        content = content[:MOST_BYTES].rpartition(b"\n")[0]
    for raw in _END_OF_LINE.split(content.decode("utf-8-sig", "replace")):
        if found := _LINE.match(raw.partition("#")[0].strip()):
            value = found[2].strip()
            yield Line(found[1].lower(), value, f"{found[1]}: {value}".translate(_NO_END_OF_LINE))


def _product(value: str) -> str:
    """Give the name of an agent without its version: RFC 9309 knows names of letters, _ and - alone."""
    found = _PRODUCT.search(value)
    return ANYBODY if value == ANYBODY else found[0].lower() if found else ""


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0
    return seconds if 0 < seconds < float("inf") else 0
