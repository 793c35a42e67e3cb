"""The files beside robots.txt in which a site speaks of training: tdmrep.json, ai.txt, and a licence in RSL."""

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from tdcrawl.optout.robots_txt import ANYBODY, MOST_BYTES, RobotsTxt
from tdcrawl.optout.statements import How, Rule, Statement
from tdcrawl.optout.table import Says, meaning, shortened

TDMREP, AI_TXT, LICENSE = "tdmrep.json", "ai.txt", "License"
_RESERVATION = "tdm-reservation"
_FREE = "free"


class UnreadableError(ValueError):
    """Say that a file is not what its name says."""


def read_tdmrep(content: bytes) -> Iterator[Statement]:
    """Read /.well-known/tdmrep.json, of whose rules the first that covers an address counts.

    Raises UnreadableError where it is none: to TDMRep that is as if it were not there.
    """
    try:
        listed = json.loads(content[:MOST_BYTES])
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"it is no JSON: {error}") from error
    if not isinstance(listed, list):
        raise UnreadableError("it is no JSON array")
    if rules := tuple(_reservation(one) for one in listed if isinstance(one, dict) and "location" in one):
        yield Statement(TDMREP, _RESERVATION, How.FIRST, rules)


def _reservation(rule: dict[str, Any]) -> Rule:
    token = shortened(str(rule.get(_RESERVATION, "")))
    return Rule(str(rule["location"]), token, meaning(_RESERVATION, token))


def read_ai_txt(content: bytes, agents: Iterable[str]) -> tuple[list[Statement], list[str]]:
    """Read /ai.txt: what it tells everybody and these agents, and the fields in it that are not known."""
    file = RobotsTxt(content)
    statements = []
    for agent in (ANYBODY, *agents):
        lines = [line for line in file.group(agent) if line.field in {"allow", "disallow"} and line.value]
        if file.names(agent) and lines:
            rules = tuple(Rule(line.raw, line.field.capitalize(), meaning(AI_TXT, line.field)) for line in lines)
            statements.append(Statement(AI_TXT, f"User-Agent {agent}", How.BY_TYPE, rules))
    return statements, [field for field in file.unknown if meaning(AI_TXT, field) is Says.UNKNOWN]


def read_license(content: bytes, url: str) -> Iterator[Statement]:
    """Read a licence in RSL; raises UnreadableError where it is none.

    Training is free to all where one licence of an address grants it to everybody for nothing, and none forbids it.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content[:MOST_BYTES], parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError(f"it is no XML: {error}") from error
    if _name(root) != "rsl":
        raise UnreadableError("it is no RSL")
    if rules := tuple(rule for asset in _called(root, "content") for rule in _of_asset(asset)):
        yield Statement(LICENSE, url, How.ALL, rules)


def unread_license(url: str) -> Statement:
    """Give what a licence says that is there and cannot be read: no, until it can be."""
    return Statement(LICENSE, url, How.ALL, (Rule("/", "cannot be read", Says.NO),))


def _of_asset(asset: etree._Element) -> Iterator[Rule]:
    where = urlsplit(str(asset.get("url", "/")))
    path = (where.path or "/") + (f"?{where.query}" if where.query else "")
    licences = _called(asset, "license")
    forbidden = [token for one in licences for token in _usages(one, "prohibits") if _is_training(token)]
    for token in forbidden:
        yield Rule(path, f"prohibits {token}", Says.NO)
    if asset.get("server"):
        yield Rule(path, "asks for a licence from its server", Says.NO)
    elif licences and not forbidden:
        reasons = [_unfree(one) for one in licences]
        yield Rule(path, "permits", Says.YES) if None in reasons else Rule(path, str(reasons[0]), Says.NO)


def _unfree(licence: etree._Element) -> str | None:
    """Say why a licence does not allow everybody to train, for nothing; None where it does."""
    permitted = _usages(licence, "permits")
    if permitted and not any(map(_is_training, permitted)):
        return f"permits {' '.join(permitted)}"
    for payment in _called(licence, "payment"):
        if (kind := payment.get("type", _FREE)) != _FREE:
            return f"asks for payment ({shortened(kind)})"
    limits = [one.get("type") for what in ("permits", "prohibits") for one in _called(licence, what)]
    return next((f"is limited by {shortened(str(kind))}" for kind in limits if kind not in {"usage", None}), None)


def _usages(licence: etree._Element, what: str) -> list[str]:
    said = [one.text or "" for one in _called(licence, what) if one.get("type", "usage") == "usage"]
    return [shortened(token).lower() for each in said for token in each.replace(",", " ").split()]


def _is_training(token: str) -> bool:
    return meaning(LICENSE, token) is Says.NO


def _called(parent: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in parent if _name(child) == name]


def _name(element: etree._Element) -> str:
    # Comments have a function for a name.
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""
