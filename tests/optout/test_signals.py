"""What each word means in its place, which pages it covers, and that the most restrictive of all counts."""

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tdcrawl.optout.gathering import AI_TXT, BESIDE, TDMREP, gather, licenses
from tdcrawl.optout.page import read_page
from tdcrawl.optout.reading import File, Reading, Verdict, against
from tdcrawl.optout.robots_txt import MOST_BYTES
from tdcrawl.optout.statements import read_back
from tdcrawl.optout.table import known_agents, meaning, named_agents, read_table

SHOP = "https://shop.example"
NOW = datetime(2026, 11, 26, tzinfo=UTC)
RSL = '<rsl xmlns="https://rslstandard.org/rsl"><content url="{url}"{server}>{license}</content></rsl>'


def reading(robots: str = "", status: int = 200, agents: tuple[str, ...] = ("GPTBot",), **beside: str) -> Reading:
    """Read a host that has these files: tdmrep, ai_txt and license beside robots.txt."""
    came = [
        File(SHOP + path, 200 if name in beside else 404, beside.get(name, "").encode())
        for path, name in ((TDMREP, "tdmrep"), (AI_TXT, "ai_txt"))
    ]
    came += [File(f"{SHOP}/l.xml", 200, beside["license"].encode())] if "license" in beside else []
    return gather("shop.example", NOW, File(f"{SHOP}/robots.txt", status, robots.encode()), came, "tdcrawl", agents)


def licensed(inside: str, url: str = "/", server: str = "") -> dict[str, str]:
    return {"license": RSL.format(url=url, server=server, license=f"<license>{inside}</license>" if inside else "")}


LICENSE = f"License: {SHOP}/l.xml"
SIGNAL, USAGE = "robots.txt: Content-Signal ai-train=no", "robots.txt: Content-Usage train-ai=n"
STAR = "User-agent: *\n"
ALL = '<permits type="usage">all</permits>'
CASES: list[tuple[dict[str, Any], str, str | None]] = [
    ({"robots": "User-agent: *\nContent-Signal: search=yes, ai-train=no\n"}, "/p", SIGNAL),
    ({"robots": "Content-Signal: ai-train=no\n\nUser-agent: *\nAllow: /\n"}, "/p", SIGNAL),
    ({"robots": "User-agent: *\nContent-Signal: ai-train=yes, ai-input=no\n"}, "/p", None),
    ({"robots": "User-agent: *\nContent-Signal: use=reference\n"}, "/p", None),
    ({"robots": f"{STAR}Content-Signal: ai-train=no\nUser-agent: tdcrawl\nAllow: /\n"}, "/p", SIGNAL),
    ({"robots": f"{STAR}Content-Signal: ai-train=no\nUser-agent: tdcrawl\nContent-Signal: ai-train=yes\n"}, "/p", None),
    ({"robots": "User-agent: *\nContent-Usage: train-ai=n\n"}, "/p", USAGE),
    ({"robots": f"{STAR}Content-Usage: / train-ai=n\nContent-Usage: /ok/ train-ai=y\n"}, "/ok/p", None),
    ({"robots": f"{STAR}Content-Usage: / train-ai=y\nContent-Usage: /p train-ai=n;x=1\n"}, "/p", USAGE),
    ({"robots": "User-agent: *\nContent-Usage: bots=n\n"}, "/p", "robots.txt: Content-Usage bots=n"),
    ({"robots": f"{STAR}Content-Signal: ai-train=yes\nContent-Usage: train-ai=n\n"}, "/p", USAGE),
    ({"robots": f"User-agent: GPTBot\nDisallow: /p\n{STAR}Allow: /\n"}, "/p", "robots.txt: User-agent GPTBot Disallow"),
    ({"robots": f"User-agent: GPTBot\nDisallow: /p\n{STAR}Allow: /\n"}, "/q", None),
    ({"robots": "User-agent: GPTBot\nDisallow: /\n", "agents": ()}, "/p", None),
    ({"robots": "User-agent: *\nDisallow: /\n"}, "/p", None),
    ({"tdmrep": '[{"location": "/", "tdm-reservation": 1}]'}, "/p", "tdmrep.json: tdm-reservation 1"),
    ({"tdmrep": '[{"location": "/p*", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]'}, "/p", None),
    ({"tdmrep": '[{"location": "/*.jpg$", "tdm-reservation": 1}]'}, "/p", None),
    ({"tdmrep": '[{"location": "/", "tdm-reservation": 2}]'}, "/p", None),
    ({"tdmrep": "<html>not found</html>"}, "/p", None),
    ({"tdmrep": "[" * 100_000}, "/p", None),
    ({"ai_txt": "User-Agent: *\nDisallow: *.html\nDisallow: *.txt\n"}, "/p", "ai.txt: User-Agent * Disallow"),
    ({"ai_txt": "User-Agent: *\nDisallow: /\nDisallow: *\n"}, "/p?a=1", "ai.txt: User-Agent * Disallow"),
    ({"ai_txt": "User-Agent: *\nDisallow: *.jpg\nAllow: *.html\n"}, "/p", None),
    ({"ai_txt": "<html>not found</html>"}, "/p", None),
    (licensed('<prohibits type="usage">ai-train</prohibits>'), "/p", f"{LICENSE} prohibits ai-train"),
    (licensed(f'{ALL}<prohibits type="usage">search, ai-all</prohibits>'), "/p", f"{LICENSE} prohibits ai-all"),
    (licensed('<permits type="usage">search</permits>'), "/p", f"{LICENSE} permits search"),
    (licensed(f'{ALL}<payment type="training"/>'), "/p", f"{LICENSE} asks for payment (training)"),
    (licensed(f'{ALL}<permits type="geo">EU</permits>'), "/p", f"{LICENSE} is limited by geo"),
    (licensed("", server=' server="https://licences.example"'), "/p", f"{LICENSE} asks for a licence from its server"),
    (licensed(f'{ALL}<payment type="free"/>'), "/p", None),
    (licensed('<prohibits type="usage">all</prohibits>', url="/other/*"), "/p", None),
    (licensed('<prohibits type="usage">ai-input</prohibits>'), "/p", None),
    ({"license": "<html><p>terms</html>"}, "/p", f"{LICENSE} cannot be read"),
    ({"license": '<!DOCTYPE r [<!ENTITY a "ai-train">]><rsl><content url="/"><license>'
                 '<prohibits type="usage">&a;</prohibits></license></content></rsl>'}, "/p", None),
    ({}, "/p", None),
]  # fmt: skip


@pytest.mark.parametrize(("site", "path", "said"), CASES)
def test_site_is_understood_and_its_reading_can_be_stored(site: dict[str, Any], path: str, said: str | None) -> None:
    found = reading(**site)
    expected = [said] if said else []
    assert [str(signal) for signal in found.against(SHOP + path)] == expected
    stored = json.loads(json.dumps(found.told()))
    assert [str(signal) for signal in against(read_back(stored["statements"]), SHOP + path)] == expected


@pytest.mark.parametrize(
    ("site", "verdict"),
    [
        ({}, Verdict.ALLOWED),
        ({"robots": "User-agent: *\nContent-Usage: train-ai=n\n"}, Verdict.OPTED_OUT),
        ({"tdmrep": '[{"location": "/private/", "tdm-reservation": 1}]'}, Verdict.IN_PART),
        ({"status": 503}, Verdict.UNAVAILABLE),
        ({"status": 429}, Verdict.UNAVAILABLE),
        ({"status": 403}, Verdict.ALLOWED),
    ],
)
def test_host_has_a_verdict(site: dict[str, Any], verdict: Verdict) -> None:
    assert reading(**site).verdict is verdict


def test_unknown_words_are_recorded_and_a_file_has_its_digest() -> None:
    told = reading("Content-Signal: use=reference\nWhatever: 1\nSitemap: x\n", ai_txt="Training: deny\n").told()
    assert told["unknown"] == ["robots.txt whatever", "ai.txt training", "Content-Signal use=reference"]
    robots, tdmrep, ai_txt = told["files"]
    assert robots["sha256"] == sha256(b"Content-Signal: use=reference\nWhatever: 1\nSitemap: x\n").hexdigest()
    assert (tdmrep["status"], tdmrep["sha256"]) == (404, None)
    assert ai_txt["bytes"] == 15


def test_licences_are_found_wherever_they_stand_and_three_are_read() -> None:
    robots = "License: /a.xml\nUser-agent: *\nLicense: https://rsl.example/b.xml\n" + "License: /c\nLicense: /d\n"
    found = licenses(File(f"{SHOP}/robots.txt", 200, robots.encode()))
    assert found == [f"{SHOP}/a.xml", "https://rsl.example/b.xml", f"{SHOP}/c"]
    assert len(BESIDE) == 2


@pytest.mark.parametrize(
    ("headers", "metas", "said"),
    [
        ([("X-Robots-Tag", "noindex, NoAI")], [], ["header: X-Robots-Tag NoAI"]),
        ([("X-Robots-Tag", "none")], [], ["header: X-Robots-Tag none"]),
        ([("x-robots-tag", "otherbot: noai, noindex")], [], []),
        ([("X-Robots-Tag", "otherbot: noindex, tdcrawl: noimageai")], [], ["header: X-Robots-Tag noimageai"]),
        ([("X-Robots-Tag", "max-snippet: 5, noai")], [], ["header: X-Robots-Tag noai"]),
        ([("X-Robots-Tag", "GPTBot: noai")], [], ["header: X-Robots-Tag noai"]),
        ([("TDM-Reservation", "1"), ("TDM-Policy", "https://shop.example/p.json")], [], ["header: tdm-reservation 1"]),
        ([("Content-Usage", "search=y, train-ai=n")], [], ["header: Content-Usage train-ai=n"]),
        ([("Content-Signal", "ai-train=no")], [], ["header: Content-Signal ai-train=no"]),
        ([], [("ROBOTS", "index, noai"), ("description", "noai")], ["meta: robots noai"]),
        ([], [("tdcrawl", "noai"), ("otherbot", "noai")], ["meta: tdcrawl noai"]),
        ([("tdm-reservation", "0")], [("tdm-reservation", "1")], ["meta: tdm-reservation 1"]),
        ([("tdm-reservation", "1")], [("tdm-reservation", "0")], ["header: tdm-reservation 1"]),
    ],
)
def test_page_is_understood(headers: list[tuple[str, str]], metas: list[tuple[str, str]], said: list[str]) -> None:
    assert [str(signal) for signal in read_page(headers, metas, ("tdcrawl", "GPTBot"))[0]] == said


def test_unknown_words_of_a_page_change_nothing() -> None:
    said, unknown = read_page([("X-Robots-Tag", "noml")], [("robots", "nosuch")], ("tdcrawl",))
    assert (said, [str(signal) for signal in unknown]) == ([], ["header: X-Robots-Tag noml", "meta: robots nosuch"])


def test_agents_are_those_that_are_named() -> None:
    assert named_agents(["known"]) == known_agents()
    assert named_agents(["mine", "known"])[:2] == ("mine", known_agents()[0])
    assert named_agents([]) == ()


def test_every_row_of_the_table_has_a_source_and_stands_in_the_document() -> None:
    document = (Path(__file__).parents[2] / "docs" / "optouts.md").read_text(encoding="utf-8")
    for place in read_table()["place"]:
        row = next(line for line in document.splitlines() if line.startswith("| ") and place["url"] in line)
        words = re.findall(r"`([^`]+)`", row)
        assert place["dated"] in row
        assert {place["name"], *place["no"]} <= set(words)
        assert all(str(meaning(place["name"], token)) == "no" for token in place["no"])
    assert all(f"`{agent}`" in document for agent in known_agents())
    assert MOST_BYTES >= 500 * 1024
