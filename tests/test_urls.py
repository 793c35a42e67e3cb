"""One page has one address: tables of what is the same and what is not, and properties over hostile addresses."""

import pytest
import re2
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from tdcrawl.sites.patterns import check_alias_pattern
from tdcrawl.urls import UrlRules, canonical_url

SAME_PAGE = UrlRules(same_page=r"/product/(?P<id>\d+)(?:[/?].*)?$")

HOSTS = st.sampled_from(
    ["shop.example", "SHOP.Example.", "bücher.example", "xn--bcher-kva.example", "[::0:1]", "127.0.0.1", "a_b.example"]
)
PORTS = st.sampled_from(["", ":", ":80", ":443", ":8080", ":65535"])
USERS = st.sampled_from(["", "user@", "user:secret@", "a%40b:@"])
PIECES = st.sampled_from(
    ["product", "123", "..", ".", "", "%2e%2E", "%2F", "%3f", "%zz", "%", "a b", "ü", "%C3%BC", "%E9", "%25",
     "%3Bsid=a1b2c3", ";jsessionid=AB1", ";%6Asessionid=1", ";js;jsessionid=1essionid=2",
     "(S(lit3py55t21z5v55vlm25s55))", "'\"<>", "\\", "+"]
)  # fmt: skip
PATHS = st.lists(PIECES | st.text(max_size=4), max_size=5).map(lambda pieces: "".join(f"/{piece}" for piece in pieces))
NAMES = st.sampled_from(["size", "q", "page", "ref", "UTM_source", "PHPSESSID", "sid", "%73id", "é", "", "a+b", "a[]"])
VALUES = st.sampled_from(["", "1", "2", "a1b2c3d4", "%E9", "é", "%26", "x=y", "+", "%2B", ";", "%"]) | st.text(
    max_size=4
)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
SNIPPETS = st.sampled_from(
    ["/", "/p", "/p/", "-p", "p", "x", "7", r"\d", r"\w+", "[^/]+", ".", ".*", "(?:/p|/x)", "(?i)", ";", "%2F"]
)
GREED = st.sampled_from(["", "", "?", "*", "+?"])
TERMS = st.builds("(?:{}){}".format, SNIPPETS, GREED) | SNIPPETS
TERM_LISTS = st.lists(TERMS, max_size=3).map("".join)
PATTERNS = st.builds(
    "{}{}(?P<id>{}){}{}{}".format,
    st.sampled_from(["", "^", "/list|"]),
    TERM_LISTS, st.lists(TERMS, min_size=1, max_size=2).map("".join), TERM_LISTS,
    st.sampled_from(["", "$", "|/x"]), st.sampled_from(["", ".*"]),
)  # fmt: skip
SHOP_PATHS = st.lists(
    st.sampled_from(["/", "/p/", "/x", "-p", "7", "9", "p", ".", "..", ";", ";v=1", "%2F", "ü", "~", "/list"]),
    max_size=7,
).map(lambda pieces: "/" + "".join(pieces))
FRAGMENTS = st.sampled_from(["", "#top", "#?ref=1"])


def joined(fields: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in fields)


URLS = st.builds(
    "{}{}{}{}{}?{}{}".format,
    st.sampled_from(["http://", "HTTPS://"]),
    USERS, HOSTS, PORTS, PATHS, FIELDS.map(joined), FRAGMENTS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Shop.EXAMPLE:443", "https://shop.example/"),
        ("http://shop.example.:80/a", "http://shop.example/a"),
        ("http://shop.example:8080/a", "http://shop.example:8080/a"),
        ("https://user:secret@shop.example/a#reviews", "https://shop.example/a"),
        ("  https://shop.example/a\n", "https://shop.example/a"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://bücher。example/", "https://xn--bcher-kva.example/"),
        ("https://XN--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("http://[0:0::1]:81/", "http://[::1]:81/"),
        ("https://shop.example/a/./b/../%7euser/%2e%2e/c%2fd", "https://shop.example/a/c%2Fd"),
        ("https://shop.example/crème brûlée", "https://shop.example/cr%C3%A8me%20br%C3%BBl%C3%A9e"),
        ("https://shop.example/a/", "https://shop.example/a/"),
    ],
)
def test_address_gets_its_one_form_when_it_is_spelt_otherwise(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("b=2&a=1", "a=1&b=2"),
        ("size=2&q=&size=1", "q=&size=2&size=1"),
        ("q", "q="),
        ("q=a+b&r=a%20b", "q=a+b&r=a+b"),
        ("q=%E9&r=%c3%a9", "q=%E9&r=%C3%A9"),
        ("a=1;b=2", "a=1%3Bb%3D2"),
        ("a=1&&b=2&", "a=1&b=2"),
    ],
)
def test_query_keeps_every_parameter_when_it_is_sorted(query: str, expected: str) -> None:
    assert canonical_url(f"https://shop.example/list?{query}") == f"https://shop.example/list?{expected}"


@pytest.mark.parametrize(
    "noise",
    ["ref=home", "utm_source=mail", "UTM_Whatever=1", "gclid=x", "fbclid=x", "msclkid=x", "srsltid=x", "mc_eid=x",
     "_ga=1.2", "pr_prod_strat=copurchase", "trk_re=1", "PHPSESSID=1", "jsessionid=1", "sid=a1b2c3d4",
     "session=Zm9vYmFyYmF6cXV4Zm9v"],
)  # fmt: skip
def test_parameter_is_dropped_when_it_only_tells_who_came_from_where(noise: str) -> None:
    assert canonical_url(f"https://shop.example/a?{noise}&id=7") == "https://shop.example/a?id=7"
    assert canonical_url(f"https://shop.example/a?{noise}") == "https://shop.example/a"


@pytest.mark.parametrize("address", ["bob@mail.example", "bob%40mail.example", "Bob.O%27Neil%2Bx@mail.example"])
def test_parameter_is_dropped_when_its_value_is_an_e_mail_address(address: str) -> None:
    assert canonical_url(f"https://shop.example/v?email={address}&id=7") == "https://shop.example/v?id=7"
    assert canonical_url(f"https://shop.example/v;to={address}/a") == "https://shop.example/v/a"
    kept = canonical_url(f"https://shop.example/v?email={address}", UrlRules(keep_params=frozenset({"email"})))
    assert kept.startswith("https://shop.example/v?email=")


@pytest.mark.parametrize("value", ["@bob", "bob@", "a@b", "https%3A%2F%2Fshop.example%2F@bob.example", "b@c.example,d"])
def test_parameter_is_kept_when_an_e_mail_address_is_not_all_of_its_value(value: str) -> None:
    assert canonical_url(f"https://shop.example/v?to={value}") != "https://shop.example/v"


@pytest.mark.parametrize(
    "name",
    ["page", "p", "offset", "start", "id", "pid", "cid", "sku", "q", "s", "search", "keyword", "query", "sort", "order",
     "size", "color", "variant", "category", "filters", "from", "source", "origin", "next", "lang", "currency", "type",
     "v", "date"],
)  # fmt: skip
def test_parameter_is_kept_when_it_may_choose_the_page(name: str) -> None:
    assert canonical_url(f"https://shop.example/a?{name}=abc1234") == f"https://shop.example/a?{name}=abc1234"


@pytest.mark.parametrize("value", ["42", "shoes", "a1", "20240101"])
def test_sid_is_kept_when_its_value_names_something(value: str) -> None:
    assert canonical_url(f"https://shop.example/a?sid={value}") == f"https://shop.example/a?sid={value}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a;jsessionid=0A1B.node2", "/a"),
        ("/a;JSESSIONID=0A1B/b;v=2", "/a/b;v=2"),
        ("/a;%6asessionid=0A1B/..;sid=a1b2c3d4/b", "/b"),
        ("/(S(lit3py55t21z5v55vlm25s55))/list.aspx", "/list.aspx"),
        ("/shoes;color=red", "/shoes;color=red"),
    ],
)
def test_session_leaves_the_path_when_it_is_written_there(path: str, expected: str) -> None:
    assert canonical_url(f"https://shop.example{path}") == f"https://shop.example{expected}"


def test_site_decides_when_it_names_parameters() -> None:
    rules = UrlRules(drop_params=frozenset({"Color", "id"}), keep_params=frozenset({"REF", "id", "sid", "jsessionid"}))
    url = "https://shop.example/a;jsessionid=1?sid=a1b2c3d4&ref=x&id=7&color=red&gclid=1"
    assert canonical_url(url, rules) == "https://shop.example/a;jsessionid=1?id=7&ref=x&sid=a1b2c3d4"


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        (SAME_PAGE.same_page, "/product/123", "/product/123"),
        (SAME_PAGE.same_page, "/product/123/blue-mug", "/product/123"),
        (SAME_PAGE.same_page, "/product/123/blue-mug?ref=home", "/product/123"),
        (SAME_PAGE.same_page, "/product/123/blue-mug?page=2", "/product/123?page=2"),
        (SAME_PAGE.same_page, "/de/product/123/tasse", "/product/123"),
        (SAME_PAGE.same_page, "/products", "/products"),
        (r"/product/(?:[\w-]+-)?(?P<id>\d+)$", "/product/blue-mug-123", "/product/123"),
        (r"-p(?P<id>\d+)", "/blue-mug-p7", "/-p7"),
        (r"-p(?P<id>\d+)", "/de/cup-p7.html", "/-p7"),
        (r"(?P<id>\d+)", "/a/b/7/9", "/7"),
        (r"^/[^/]+/dp/(?P<id>\w+)", "/blue-mug/dp/B07/extra", "/~same_page/B07"),
        (r"(?:/p/|/item/)(?P<id>\d+)", "/item/9", "/~same_page/9"),
        (r"/p/(?P<id>\d+)/reviews", "/p/7/reviews", "/~same_page/7"),
        (r"/p/(?P<id>\d+)/reviews", "/p/7", "/p/7"),
        (r"/p/(?P<id>.+)\.html", "/p/a_b/~c.html", "/~same_page/a_b~2f~7ec"),
        (r"/p/(?P<id>.+?)x", "/p/;v=2x", "/~same_page/~3bv~3d2"),
        (r"/p/x(?P<id>\.+)", "/p/x..", "/p/x.."),
        (r"/p/x?(?P<id>\.+)", "/p/x..", "/~same_page/~2e~2e"),
        (r"/p/(?P<id>\d*)", "/p/abc", "/p/abc"),
        (r"/list$|/p/(?P<id>\d+)", "/list", "/list"),
        (r"/list$|/p/(?P<id>\d+)", "/p/7", "/~same_page/7"),
    ],
)
def test_aliases_are_one_page_when_the_pattern_finds_the_same_id(pattern: str, path: str, expected: str) -> None:
    rules = UrlRules(same_page=pattern)
    canonical = canonical_url(f"https://shop.example{path}", rules)
    assert canonical == f"https://shop.example{expected}"
    assert canonical_url(canonical, rules) == canonical


@pytest.mark.attack("an address that is none, or that two programs read differently", "missing or wrong, never fetched")
@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "does not begin with http"),
        ("shop.example/a", "does not begin with http"),
        ("//shop.example/a", "does not begin with http"),
        ("javascript:alert(1)", "does not begin with http"),
        ("file:///etc/passwd", "does not begin with http"),
        ("http://", "no host"),
        ("http:///a", "no host"),
        ("http://user@/a", "no host"),
        ("http://a..example/", "no host"),
        ("http://a b.example/", "no host"),
        ("http://%73hop.example/", "no host"),
        ("http://[zz]/", "host that cannot be read"),
        ("http://[::1/", "host that cannot be read"),
        ("http://[fe80::1%25eth0]/", "network interface"),
        ("http://ü" + "x" * 70 + ".example/", "IDNA"),
        ("http://shop.example\\@other.example/", "backslash"),
        ("http://shop.example:0/", "port"),
        ("http://shop.example:65536/", "port"),
        ("http://shop.example:8٠/", "port"),
        ("http://shop.example/\0", "control character"),
        ("http://shop.example/\ud800", "half a character"),
    ],
)
def test_value_error_says_why_when_it_is_no_web_address(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        canonical_url(url)


def test_message_holds_no_password_when_the_address_has_one() -> None:
    with pytest.raises(ValueError, match="port") as refusal:
        canonical_url("https://user:hunter2/")
    assert "hunter2" not in str(refusal.value)


@given(URLS, st.sampled_from([UrlRules(), SAME_PAGE, UrlRules(frozenset({"q"}), frozenset({"ref", "sid"}))]))
@example("http://shop.example/..;jsessionid=1", UrlRules())
def test_canonical_url_changes_nothing_when_given_its_own_result(url: str, rules: UrlRules) -> None:
    try:
        once = canonical_url(url, rules)
    except ValueError:
        return
    assert canonical_url(once, rules) == once
    assert once.isascii()
    assert "#" not in once


@given(HOSTS, st.dictionaries(NAMES.filter(lambda name: "%" not in name), VALUES), st.data())
def test_address_stays_the_same_when_differently_named_parameters_change_places(
    host: str, fields: dict[str, str], data: st.DataObject
) -> None:
    some = [f"{name}={value}" for name, value in fields.items() if not set(value) & set("&# ") and value.isprintable()]
    shuffled = data.draw(st.permutations(some))
    assert canonical_url(f"https://{host}/a?{'&'.join(shuffled)}") == canonical_url(
        f"https://{host}/a?{'&'.join(some)}"
    )


@settings(max_examples=500)
@given(PATTERNS, SHOP_PATHS, SHOP_PATHS)
@example(r"-p(?P<id>\d+)", "/mug-p7", "/cup-p7")
@example(r"(?P<id>\d+)", "/a/b/7/9", "/7")
def test_two_paths_are_one_page_exactly_when_the_pattern_finds_the_same_id(pattern: str, one: str, two: str) -> None:
    try:
        check_alias_pattern(pattern)
    except ValueError:
        reject()
    ids, addresses = set(), set()
    for path in (one, two):
        plain = canonical_url(f"https://shop.example{path}")
        found = re2.search(pattern, plain.removeprefix("https://shop.example"))
        address = canonical_url(plain, UrlRules(same_page=pattern))
        assert canonical_url(address, UrlRules(same_page=pattern)) == address
        ids.add((found and found["id"]) or plain)
        addresses.add(address)
    assert len(ids) == len(addresses)
