"""Pure addresses: the one canonical form of a URL, which is a key and not what is fetched."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv6Address
from operator import itemgetter
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import duplicate_url_discarder_rules
import idna
import re2
from w3lib.url import canonicalize_url as w3lib_canonical

from tdcrawl.personal import is_email

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ASCII_HOST = re.compile(r"[a-z0-9_-]++(?:\.[a-z0-9_-]++)*+")
# Surrogates and control characters; tab and line breaks are no harm, urlsplit removes them as browsers do.
_UNUSABLE = re.compile(r"[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ENCODED_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*+)++/?")

# Dropping a name too many merges different pages and loses them, dropping one too few costs a second visit: so only
# names with a single meaning on whatever site. All but `ref` are documented by the advertiser or mailer who adds them.
_TRACKING_NAMES = frozenset({
    "ref",
    "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "gad_campaignid", "srsltid", "_ga", "_gl",
    "fbclid", "igshid", "igsh", "msclkid", "twclid", "ttclid", "li_fat_id", "yclid", "ysclid", "_openstat", "epik",
    "rdt_cid", "sccid", "irclickid", "cjevent", "awc", "ranmid", "raneaid", "ransiteid", "tblci", "dicbo", "erid",
    "mkt_tok", "mc_cid", "mc_eid", "_hsenc", "_hsmi", "__hstc", "__hssc", "__hsfp", "hsctatracking", "_ke", "_kx",
    "vero_id", "vero_conv", "oly_anon_id", "oly_enc_id", "s_kwcid", "ef_id", "wickedid", "pk_campaign", "pk_kwd",
    "icid",
})  # fmt: skip
_CAMPAIGN_PREFIXES = ("utm_", "mtm_", "hsa_")
_SESSION_NAMES = frozenset({"jsessionid", "phpsessid", "sessionid", "session_id", "cfid", "cftoken", "zenid", "oscsid"})
# These also name a section or a store: they are a session only where the value looks drawn by lot.
_PERHAPS_SESSION_NAMES = frozenset({"sid", "session", "sess"})
_DRAWN_BY_LOT = re.compile(r"(?=.*\d)(?=.*[a-zA-Z])[\w,-]{6,}|[\w,-]{20,}")
_PATH_PARAMETER = re.compile(r";([^/;=]+)=([^/;]*)")
_PATH_SESSION = re.compile(r"/\(S\([a-z0-9]{24}\)\)(?=/|$)")
_LITERAL_START = re.compile(r"\^?((?:[A-Za-z0-9_/-](?![?*{|]))*)")
_MARKER = "/~same_page/"
_MARKED = re.compile(rf"{_MARKER}[A-Za-z0-9_~-]+")


@dataclass(frozen=True)
class UrlRules:
    """Say which addresses of a site are one page, beyond what holds for every site.

    `drop_params` and `keep_params` are query parameter names, upper or lower case; keeping wins over every dropping.
    `same_page` is an RE2 pattern with a group `id`, searched in the path alone: the query is no part of it, so a
    product's `?page=2` stays a page of its own, and a part of the pattern that would match a query has no effect.
    Paths in which it is found with the same `id` are one page: the literal beginning of the pattern and the `id`
    stand for them, whatever else is in them (`/de/product/7/blue-mug` is `/product/7`). Where the pattern would not
    find that `id` there again, `/~same_page/` and the `id` stand for them.
    """

    drop_params: frozenset[str] = frozenset()
    keep_params: frozenset[str] = frozenset()
    same_page: str | None = None


@lru_cache(maxsize=4096)
def canonical_url(url: str, rules: UrlRules = UrlRules()) -> str:
    """Give all addresses of one page the same address, in ASCII; giving it twice changes nothing.

    Raises ValueError for what is no http(s) address of a host; the message never quotes the address, which may hold
    a password.
    """
    if _UNUSABLE.search(url):
        raise ValueError("the address holds a control character or half a character")
    parts = _split(url.strip())
    query = urlencode(_query(parts.query, rules), errors="surrogateescape")
    return f"{parts.scheme}://{_host(parts)}{_port(parts)}{_path(parts.path, rules)}{'?' if query else ''}{query}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("the address has a host that cannot be read") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("the address does not begin with http:// or https://")
    if "\\" in parts.netloc:
        raise ValueError("the address has a backslash in its host: readers disagree on where the host ends")
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if ":" in host:
        return _ipv6(host)
    if not host.isascii():
        host = _idna(host)
    if not _ASCII_HOST.fullmatch(host):
        raise ValueError("the address has no host, or one with characters that no host has")
    return host


def _ipv6(host: str) -> str:
    try:
        address = IPv6Address(host)
    except ValueError:
        raise ValueError("the address has a colon in its host, which is no IPv6 address") from None
    if address.scope_id:
        raise ValueError("the address names a network interface, which means nothing elsewhere")
    return f"[{address}]"


@lru_cache(maxsize=1024)
def _idna(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode().removesuffix(".")
    except idna.IDNAError:
        raise ValueError("the address has an international host name that IDNA does not allow") from None


def _port(parts: SplitResult) -> str:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the address has a port that is no number from 1 to 65535")
    return "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"


def _path(path: str, rules: UrlRules) -> str:
    path = _lasting(path, rules)
    return _one_page(path, rules.same_page, rules) if rules.same_page and not _MARKED.fullmatch(path) else path


def _lasting(path: str, rules: UrlRules) -> str:
    encoded = _encode_path(path)
    lasting = _PATH_PARAMETER.sub(
        lambda found: "" if _is_noise(found[1], found[2], rules) else found[0], _PATH_SESSION.sub("", encoded)
    )
    return encoded if lasting == encoded else _encode_path(lasting)


def _encode_path(path: str) -> str:
    if _ENCODED_PATH.fullmatch(path):
        return path
    return w3lib_canonical(f"http://host{path}").removeprefix("http://host")


def _one_page(path: str, pattern: str, rules: UrlRules) -> str:
    page = _page_id(pattern, path)
    if not page:
        return path
    literal = _LITERAL_START.match(pattern)
    short = f"/{literal[1].removeprefix('/') if literal else ''}{page}"
    if _page_id(pattern, short) == page and _lasting(short, rules) == short:
        return short
    # The short path may be another page, or would be shortened again: a path that no shop has stands for this one.
    return _MARKER + re.sub(r"[^A-Za-z0-9_-]", lambda found: f"~{ord(found[0]):02x}", page)


def _page_id(pattern: str, path: str) -> str | None:
    found = re2.search(pattern, path)
    return found["id"] if found else None


def _query(query: str, rules: UrlRules) -> list[tuple[str, str]]:
    fields = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    return sorted((field for field in fields if not _is_noise(*field, rules)), key=itemgetter(0))


def _is_noise(name: str, value: str, rules: UrlRules) -> bool:
    name = name.lower()
    if name in _folded(rules.keep_params):
        return False
    if is_email(value) or (name in _PERHAPS_SESSION_NAMES and _DRAWN_BY_LOT.fullmatch(value)):
        return True
    return name in _folded(rules.drop_params) or name in _noise_names() or name.startswith(_CAMPAIGN_PREFIXES)


@lru_cache(maxsize=256)
def _folded(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


@cache
def _noise_names() -> frozenset[str]:
    # A maintained rule is for the product pages of some shops, and may drop `page`. Where several rules agree on a name
    # and its underscore shows that a tool gave it (a recommender, an advertiser), it is noise on every site.
    agreed = Counter(name for names in _maintained_rules() for name in names)
    return _TRACKING_NAMES | _SESSION_NAMES | {name for name, rules in agreed.items() if rules > 1 and "_" in name}


def _maintained_rules() -> Iterator[set[str]]:
    for path in duplicate_url_discarder_rules.RULE_PATHS or ():
        for rule in json.loads(Path(path).read_text(encoding="utf-8")):
            if rule["processor"] == "queryRemoval":
                yield {name.lower() for name in rule["args"]}
