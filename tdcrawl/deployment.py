"""Where the project is sent to: the Scrapyd servers that scrapy.cfg names, and how they answer."""

import base64
import configparser
import json
import os
import socket
from dataclasses import dataclass, field
from http.client import HTTPException
from ipaddress import ip_address
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from scrapy.utils.conf import get_sources

from tdcrawl.errors import ScrapydError
from tdcrawl.redaction import redact, secrets_among

_SECONDS = 5
_MOST_BYTES = 1_000_000
# Of the addresses that documents may use: nothing is sent there, it only makes the kernel choose an interface.
_SOMEWHERE = ("192.0.2.1", 9)


@dataclass(frozen=True, slots=True)
class Target:
    """Name a server as `[deploy]` or `[deploy:NAME]` in scrapy.cfg does."""

    name: str
    url: str
    project: str
    username: str
    password: str = field(repr=False)


def targets() -> list[Target]:
    """Read the servers that scrapy.cfg names; raises ScrapydError where it cannot be understood."""
    config = configparser.ConfigParser()
    try:
        config.read(get_sources())
        base = dict(config.items("deploy")) if config.has_section("deploy") else {}
        named = {name[7:]: {**base, **config[name]} for name in config.sections() if name.startswith("deploy:")}
    except configparser.Error as error:
        raise ScrapydError(f"scrapy.cfg: {error.message}") from error
    found = {"default": base, **named}
    return [_target(name, told) for name, told in found.items() if told.get("url")]


def is_open(url: str) -> bool:
    """Say whether the Scrapyd there answers without a password; raises ScrapydError where none answers."""
    try:
        _ask(Request(urljoin(url, "daemonstatus.json")))  # noqa: S310 - _ask sees to it
    except PermissionError:
        return False
    return True


def exposed(url: str) -> str | None:
    """Give an address of an open server that others reach too; None where it is there for this machine only."""
    place = urlsplit(url)
    if not _is_loopback(place.hostname or ""):
        return url
    other = _own_address()
    if other is None:
        return None
    elsewhere = urlunsplit(place._replace(netloc=f"{other}:{place.port}" if place.port else other))
    try:
        return elsewhere if is_open(elsewhere) else None
    except ScrapydError:
        return None


def versions(target: Target) -> list[str]:
    """List the versions of our project on a server, the newest last; raises ScrapydError."""
    asked = f"listversions.json?{urlencode({'project': target.project})}"
    request = Request(urljoin(target.url, asked))  # noqa: S310 - _ask sees to it
    if target.username:
        credentials = base64.b64encode(f"{target.username}:{target.password}".encode()).decode()
        # Whoever it redirects to does not get it.
        request.add_unredirected_header("Authorization", f"Basic {credentials}")
    try:
        return [str(version) for version in _ask(request).get("versions", [])]
    except PermissionError:
        raise ScrapydError(f"{redact(target.url)} refuses the user and password of scrapy.cfg") from None


def _target(name: str, told: dict[str, str]) -> Target:
    url, project, username, password = (
        os.path.expandvars(told.get(key, "")) for key in ("url", "project", "username", "password")
    )
    # urllib quotes a password in an address when it cannot read it.
    redact.hide([password, *secrets_among({"url": url})])
    return Target(name, url if url.endswith("/") else f"{url}/", project or "tdcrawl", username, password)


def _ask(request: Request) -> dict[str, Any]:
    if request.type not in {"http", "https"}:
        raise ScrapydError(f"{redact(request.full_url)} is no web address")
    try:
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - http or https
            told = json.loads(answer.read(_MOST_BYTES))
    except HTTPError as error:
        if error.code == 401:
            raise PermissionError from error
        raise ScrapydError(f"{redact(request.full_url)} answers HTTP {error.code}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise ScrapydError(redact(f"no Scrapyd answers at {request.full_url}: {error}")) from error
    if not isinstance(told, dict) or told.get("status") != "ok":
        raise ScrapydError(f"what answers at {redact(request.full_url)} is no Scrapyd")
    return told


def _is_loopback(host: str) -> bool:
    try:
        return all(ip_address(found[4][0]).is_loopback for found in socket.getaddrinfo(host, None))
    except OSError:
        # Only a proxy knows it.
        return False


def _own_address() -> str | None:
    """Give the address under which others know this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_SOMEWHERE)
        except OSError:
            return None
        return str(probe.getsockname()[0])
