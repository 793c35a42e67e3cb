"""Site files: what is wrong is named, with its place and the nearest right thing."""

from pathlib import Path

import pytest

from tdcrawl.errors import SiteError
from tdcrawl.sites.loading import bundled_sites, load_profile, parse_profile

GOOD = """
record_type = "review"
allowed_domains = ["shop.example"]
[start]
urls = ["https://shop.example/catalogue"]
[follow]
products = "a.product::attr(href)"
next = "a.next::attr(href)"
[read]
reader = "schema_org"
[canonical]
same_page = '/product/(?P<id>\\d+)'
[polite]
DOWNLOAD_DELAY = 2.0
[expect]
min_records = 50
"""


def refusal(old: str, new: str) -> str:
    with pytest.raises(SiteError) as caught:
        parse_profile("shop", GOOD.replace(old, new).encode(), "shop.toml")
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_parse_when_all_is_well() -> None:
    profile = parse_profile("shop", GOOD.encode(), "shop.toml")
    assert profile.read.reader == ["schema_org"]
    assert profile.follow.max_pages == 200
    assert (profile.expect.min_records, profile.expect.max_failed_share) == (50, 0.08)
    assert profile.polite.settings == {"DOWNLOAD_DELAY": 2.0}


@pytest.mark.attack("a site file with a wrong key, selector, pattern or address", "refused by name")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("products =", "product =", "shop.toml: [follow] product: unknown key; did you mean 'products'?"),
        ("[follow]", "[folow]", "shop.toml: folow: unknown key; did you mean 'follow'?"),
        (
            '"schema_org"',
            '"schemaorg"',
            "[read.reader] 0: Input should be 'schema_org', 'css', 'embedded_json' or 'microformats'",
        ),
        ('"review"', '"reviews"', "'reviews' is no record type; known: job_posting, review"),
        ("a.next::attr(href)", "a.next::attr(", "[follow] next: 'a.next::attr(' is no CSS selector"),
        ("(?P<id>", "(", "needs a group named id"),
        ("(?P<id>\\d+)", "(?P<id>\\d+", "is no RE2 pattern: missing )"),
        ("https://shop.example/c", "https://other.example/c", "lies outside allowed_domains (shop.example)"),
        ("https://shop.example/c", "ftp://shop.example/c", "is no http(s) address"),
        ("min_records = 50", "min_records = -1", "[expect] min_records: Input should be greater than or equal to 0"),
        ("min_records = 50", "min_records = 'many'", "[expect] min_records: Input should be a valid integer"),
        ('reader = "schema_org"', 'reader = "css"', "the css reader needs record"),
        ("[start]", "[start", "shop.toml: not TOML"),
        ("[follow]", "[follow]\nmore = 'b'", "[follow] more is a button, which only a browser presses"),
    ],
)
def test_parse_when_something_is_wrong(old: str, new: str, message: str) -> None:
    assert message in refusal(old, new)


def test_parse_names_every_problem_at_once() -> None:
    lines = refusal("min_records = 50", "min_record = 50\nmax_failed = 0.1").splitlines()
    assert lines == [
        "shop.toml: [expect] min_record: unknown key; did you mean 'min_records'?",
        "shop.toml: [expect] max_failed: unknown key; did you mean 'max_failed_share'?",
    ]


def test_parse_when_the_file_is_not_utf8() -> None:
    with pytest.raises(SiteError, match="not UTF-8 at byte 4"):
        parse_profile("shop", b"a = \xff", "shop.toml")


def test_load_when_the_site_is_unknown() -> None:
    with pytest.raises(SiteError, match="unknown site 'demo_stor'; did you mean 'demo_store'"):
        load_profile("demo_stor")


def test_load_names_the_sites_once_when_none_is_near() -> None:
    with pytest.raises(SiteError) as caught:
        load_profile("zzz")
    assert str(caught.value).splitlines() == [
        "unknown site 'zzz'",
        f"bundled sites: {', '.join(bundled_sites())}; for a site file of your own give its path, ending in .toml",
    ]


def test_load_when_the_file_is_missing_or_badly_named(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"cannot read the site file .*: No such file"):
        load_profile(str(tmp_path / "shop.toml"))
    (tmp_path / "My Shop.toml").write_text(GOOD)
    with pytest.raises(SiteError, match="lower-case letters, digits and _ only, not 'My Shop'"):
        load_profile(str(tmp_path / "My Shop.toml"))


@pytest.mark.parametrize("name", bundled_sites())
def test_bundled_sites_load(name: str) -> None:
    assert load_profile(name).name == name


@pytest.mark.parametrize(
    ("url", "covered"),
    [
        ("https://shop.example/x", True),
        ("https://www.shop.example:8443/x", True),
        ("https://notshop.example/x", False),
        ("https://shop.example.evil.example/x", False),
        ("javascript:alert(1)", False),
    ],
)
def test_covers_the_domains_and_what_lies_below(url: str, covered: bool) -> None:
    assert parse_profile("shop", GOOD.encode(), "shop.toml").covers(url) is covered
