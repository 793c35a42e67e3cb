"""Where a crawl may go: however an address is written, it leads to a public web server or is refused."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.network import Network

OUTSIDE = Network(frozenset({80, 443, 8080}))
WITH_LOOPBACK = Network(frozenset({80, 443, 8080}), loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/", "https://shop.example/a?b#c", "http://shop.example:8080/", "https://8.8.8.8/",
        "http://[2606:4700:4700::1111]/", "HTTPS://SHOP.EXAMPLE/",
    ],
)  # fmt: skip
def test_the_public_web_may_be_asked(url: str) -> None:
    assert OUTSIDE.refusal(url) is None


@pytest.mark.attack("an address of another scheme, port or network", "refused before anybody is asked")
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://shop.example/", "ftp is no scheme of the web"),
        ("file:///etc/passwd", "file is no scheme of the web"),
        ("gopher://shop.example:80/", "gopher is no scheme"),
        ("data:text/html,x", "data is no scheme"),
        ("//shop.example/", "nothing is no scheme"),
        ("http:///page", "http is no scheme"),
        ("http://shop.example:22/", "port 22 is none of TDCRAWL_ALLOWED_PORTS"),
        ("http://shop.example:6379/", "port 6379 is none"),
        ("http://shop.example:99999/", "it is no web address"),
        ("http://[::1/", "it is no web address"),
        ("http://127.0.0.1/", "127.0.0.1 is this machine itself"),
        ("http://127.8.9.1:8080/", "127.8.9.1 is this machine itself"),
        ("http://[::1]/", "::1 is this machine itself"),
        ("http://[::ffff:127.0.0.1]/", "::ffff:7f00:1 is this machine itself"),
        ("http://[64:ff9b::7f00:1]/", "64:ff9b::7f00:1 is this machine itself"),
        ("http://10.0.0.1/", "10.0.0.1 is in no public network"),
        ("http://172.16.5.4/", "no public network"),
        ("http://192.168.1.1/", "no public network"),
        ("http://169.254.169.254/latest/meta-data/", "no public network"),
        ("http://100.64.0.1/", "no public network"),
        ("http://0.0.0.0/", "no public network"),
        ("http://224.0.0.1/", "no public network"),
        ("http://255.255.255.255/", "no public network"),
        ("http://[fe80::1%25eth0]/", "no public network"),
        ("http://[fd00::1]/", "no public network"),
        ("http://[::ffff:10.0.0.1]/", "no public network"),
        ("http://[2002:0a00:0001::]/", "no public network"),
        ("http://[64:ff9b::a00:1]/", "no public network"),
        ("http://[ff02::1]/", "no public network"),
    ],
)
def test_anything_else_is_refused_with_its_reason(url: str, why: str) -> None:
    refusal = OUTSIDE.refusal(url)
    assert refusal is not None
    assert why in refusal
    if "machine itself" not in why:
        assert WITH_LOOPBACK.refusal(url) == refusal


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://localhost:8717/", "http://[::1]:5000/"])
def test_loopback_may_be_asked_on_any_port_where_it_is_allowed(url: str) -> None:
    assert WITH_LOOPBACK.refusal(url) is None
    assert OUTSIDE.refusal(url) is not None


@given(st.ip_addresses(v=4))
@pytest.mark.attack("a private address inside of an IPv6 one", "judged as the one inside", cases=100)
def test_an_address_is_judged_alike_inside_of_another(address: IPv4Address) -> None:
    number = int(address)
    for inside in (0xFFFF << 32 | number, 0x2002 << 112 | number << 80, 0x0064FF9B << 96 | number):
        assert (OUTSIDE.refusal_of(IPv6Address(inside)) is None) == (OUTSIDE.refusal_of(address) is None)


def test_a_name_is_refused_for_any_of_its_addresses() -> None:
    assert OUTSIDE.refusal_of_all(["8.8.8.8", "2606:4700:4700::1111"]) is None
    assert OUTSIDE.refusal_of_all(["8.8.8.8", "10.0.0.1"]) == "10.0.0.1 is in no public network"
    assert OUTSIDE.refusal_of_all(["fe80::1%eth0"]) == "fe80::1 is in no public network"
