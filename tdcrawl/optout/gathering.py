"""From the files of a host, as they came, to what it says: which are asked for, and how each is read."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urljoin

from tdcrawl.optout import site_files
from tdcrawl.optout.reading import File, Reading
from tdcrawl.optout.robots_txt import RobotsTxt
from tdcrawl.optout.site_files import UnreadableError
from tdcrawl.optout.statements import Statement
from tdcrawl.optout.table import Says, shortened

ROBOTS_TXT, TDMREP, AI_TXT = "/robots.txt", "/.well-known/tdmrep.json", "/ai.txt"
BESIDE = (TDMREP, AI_TXT)
"""What is asked for beside robots.txt, and what that says of licences."""
_MOST_LICENSES = 3


def licenses(robots_txt: File) -> list[str]:
    """Give the addresses of the licences that a robots.txt names, the first three."""
    named = RobotsTxt(robots_txt.content).values("license") if robots_txt.is_there else []
    return [urljoin(robots_txt.url, value) for value in named[:_MOST_LICENSES]]


def gather(
    host: str, at: datetime, robots_txt: File, beside: Sequence[File], agent: str, agents: Sequence[str]
) -> Reading:
    """Read what came of a host; `beside` holds tdmrep.json, ai.txt, then licences, as far as they were asked for."""
    robots = RobotsTxt(robots_txt.content if robots_txt.is_there else b"")
    statements = list(robots.statements(agent, agents))
    unknown = [f"robots.txt {field}" for field in robots.unknown]
    files = []
    for place, file in enumerate(beside):
        said, words, problem = _read(place, file, (agent, *agents))
        statements += said
        unknown += words
        files.append(File(file.url, file.status, file.content, problem or file.problem))
    unknown += [f"{one.place} {rule.token}" for one in statements for rule in one.rules if rule.says is Says.UNKNOWN]
    return Reading(host, at, robots_txt, robots, files, statements, list(dict.fromkeys(unknown)), agent, agents)


def _read(place: int, file: File, agents: Sequence[str]) -> tuple[list[Statement], list[str], str | None]:
    """Read one file beside robots.txt; gives what is wrong with it, too."""
    is_license = place >= len(BESIDE)
    try:
        if is_license:
            return list(site_files.read_license(_content(file), file.url)), [], None
        if not file.is_there:
            return [], [], None
        if BESIDE[place] == TDMREP:
            return list(site_files.read_tdmrep(file.content)), [], None
        said, fields = site_files.read_ai_txt(file.content, agents)
        return said, [f"ai.txt {field}" for field in fields], None
    except UnreadableError as error:
        return [site_files.unread_license(file.url)] if is_license else [], [], shortened(str(error))


def _content(file: File) -> bytes:
    if not file.is_there:
        raise UnreadableError(file.why)
    return file.content
