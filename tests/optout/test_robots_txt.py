"""robots.txt by RFC 9309: each of its rules as a case; and what Protego alone makes otherwise of some of them."""

import pytest
from protego import Protego

from tdcrawl.optout.robots_txt import MOST_BYTES, RobotsTxt

SHOP = "https://shop.example"
# (section of the RFC, lines of a group of ours, path, whether it may be fetched)
PATHS = [
    ("2.2.2 longest match", "Disallow: /x/page.html\nAllow: /x/", "/x/page.html", False),
    ("2.2.2 longest match", "Allow: /x/page.html\nDisallow: /x/", "/x/page.html", True),
    ("2.2.2 longest match", "Allow: /page\nDisallow: /*.html", "/page.html", False),
    ("2.2.2 as long: allow", "Disallow: /folder\nAllow: /folder", "/folder/page", True),
    ("2.2.2 empty", "Disallow:", "/x", True),
    ("2.2.2 no match", "Disallow: /x/", "/y", True),
    ("2.2.2 case of paths", "Disallow: /X/", "/x/y", True),
    ("2.2.2 case of fields", "dIsAlLoW: /x/", "/x/y", False),
    ("2.2.2 query", "Disallow: /search?q=", "/search?q=a", False),
    ("2.2.2 percent", "Disallow: /ツ", "/%E3%83%84", False),
    ("2.2.2 percent", "Disallow: /%E3%83%84", "/ツ", False),
    ("2.2.2 percent", "Disallow: /a%3cd.html", "/a%3Cd.html", False),
    ("2.2.2 unreserved", "Disallow: /bar/%62%61%7A", "/bar/baz", False),
    ("2.2.2 reserved stays", "Disallow: /a%2Fb", "/a/b", True),
    ("2.2.3 comment", "# Disallow: /\nDisallow: /quz#qux", "/quz", False),
    ("2.2.3 end", "Disallow: /bar$", "/bar", False),
    ("2.2.3 end", "Disallow: /bar$", "/bar/", True),
    ("2.2.3 any", "Disallow: /this/*/exactly", "/this/path/exactly", False),
    ("2.2.3 any and end", "Disallow: /\nAllow: /*.php$", "/f/name.php", True),
    ("2.2.3 any and end", "Disallow: /\nAllow: /*.php$", "/f/name.php?p", False),
    ("2.2.3 verbatim", "Disallow: /path/file-with-a-%2A.html", "/path/file-with-a-*.html", False),
    ("2.2.3 verbatim", "Disallow: /path/foo-%24", "/path/foo-$", False),
    ("2.2.2 itself", "Disallow: /", "/robots.txt", True),
    ("2.2.4 other records", "Sitemap: https://shop.example/s.xml\nDisallow: /x", "/x", False),
]


@pytest.mark.parametrize(("section", "lines", "path", "allowed"), PATHS)
def test_path_is_matched_as_the_rfc_says(section: str, lines: str, path: str, allowed: bool) -> None:
    assert RobotsTxt(f"User-agent: tdcrawl\n{lines}\n".encode()).allowed(SHOP + path, "tdcrawl") is allowed, section


GROUPS = [
    ("2.2.1 our own", "User-agent: *\nDisallow: /\nUser-agent: tdcrawl\nAllow: /\n", True),
    ("2.2.1 case", "User-agent: TDCrawl\nDisallow: /\n", False),
    ("2.2.1 merged", "User-agent: tdcrawl\nAllow: /a\nUser-agent: b\nAllow:\nUser-agent: tdcrawl\nDisallow: /p", False),
    ("2.2.1 everybody", "User-agent: b\nAllow: /\nUser-agent: *\nDisallow: /\n", False),
    ("2.2.1 nobody", "User-agent: b\nDisallow: /\n", True),
    ("2.2.1 whole names", "User-agent: td\nDisallow: /\n", True),
    ("2.2.1 version", "User-agent: tdcrawl/2.1\nDisallow: /\n", False),
    ("2.2 several agents", "User-agent: b\nUser-agent: tdcrawl\nDisallow: /\n", False),
    ("2.2.4 no end of a group", "User-agent: tdcrawl\nSitemap: /s\nUser-agent: *\nDisallow: /\n", False),
    ("2.2.4 no end of a group", "User-agent: tdcrawl\nWhatever: x\nUser-agent: *\nDisallow: /\n", False),
    ("2.2 outside of groups", "Disallow: /\nUser-agent: b\nAllow: /\n", True),
    ("2.2 ends of lines", "User-agent: tdcrawl\rDisallow: /\r\n", False),
    ("2.2 a line is a line", "User-agent: tdcrawl\nDisallow: /page\N{NEXT LINE}and more\n", True),
    ("2.3 byte order mark", "\N{ZERO WIDTH NO-BREAK SPACE}User-agent: tdcrawl\nDisallow: /\n", False),
    ("empty", "", True),
]  # fmt: skip


@pytest.mark.parametrize(("section", "content", "allowed"), GROUPS)
def test_group_is_chosen_as_the_rfc_says(section: str, content: str, allowed: bool) -> None:
    assert RobotsTxt(content.encode()).allowed(f"{SHOP}/page", "tdcrawl") is allowed, section


def test_protego_alone_chooses_other_groups() -> None:
    alone = {
        section: Protego.parse(content).can_fetch(f"{SHOP}/page", "tdcrawl")
        for section, content, allowed in GROUPS
        if Protego.parse(content).can_fetch(f"{SHOP}/page", "tdcrawl") is not allowed
    }
    # Scrapy takes the byte order mark away before it asks.
    assert alone.keys() == {
        "2.2.1 whole names", "2.2.1 version", "2.2.4 no end of a group", "2.2 a line is a line", "2.3 byte order mark",
    }  # fmt: skip


def test_what_protego_adds_to_the_rfc_is_kept() -> None:
    robots = RobotsTxt(b"User-agent: *\nAllow: /x/index.html\nDissallow: /\n")
    assert robots.allowed(f"{SHOP}/x/", "tdcrawl"), "index.html stands for its folder, as to Google"
    assert not robots.allowed(f"{SHOP}/y", "tdcrawl"), "a field that is spelt wrong counts"


def test_a_large_file_is_read_to_its_bound_and_no_half_line_of_it() -> None:
    head = b"User-agent: *\n#" + b"x" * 500 * 1024 + b"\nDisallow: /far\n"
    last = b"Disallow: /" + b"y" * 1_000
    robots = RobotsTxt(head + b"#" + b"x" * (MOST_BYTES - len(head) - 32) + b"\n" + last + b"\n")
    assert not robots.allowed(f"{SHOP}/far", "tdcrawl")
    assert robots.allowed(f"{SHOP}/{'y' * 500}", "tdcrawl")


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 7.5\n", 7.5),
        ("User-agent: *\nCrawl-delay: 7\nUser-agent: tdcrawl\nAllow: /\n", 0),
        ("User-agent: *\nCrawl-delay: soon\n", 0),
        ("User-agent: *\nCrawl-delay: inf\nCrawl-delay: 2\n", 2),
    ],
)
def test_crawl_delay_is_that_of_our_group(content: str, seconds: float) -> None:
    assert RobotsTxt(content.encode()).crawl_delay("tdcrawl") == seconds
