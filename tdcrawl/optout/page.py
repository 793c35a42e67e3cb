"""What a page says of training with itself: in its headers and its <meta>."""

from collections.abc import Collection, Iterable, Iterator

from tdcrawl.optout.table import Says, Signal, meaning, shortened

HEADER, META = "header", "meta"
_ROBOTS, _RESERVATION = "X-Robots-Tag", "tdm-reservation"
_PREFERENCES = {"content-usage": "Content-Usage", "content-signal": "Content-Signal"}
_EVERYBODY = "robots"

Named = Iterable[tuple[str, str]]
"""Names and values, of headers or of <meta>."""


def read_page(headers: Named, metas: Named, agents: Collection[str]) -> tuple[list[Signal], list[Signal]]:
    """Give what a page says against training to everybody or to these agents, and the words that are not known."""
    against, unknown = dict[Signal, None](), dict[Signal, None]()
    spoken_to = {agent.lower() for agent in agents}
    for signal, says in (*_in_headers(headers, spoken_to), *_in_metas(metas, spoken_to)):
        if says in {Says.NO, Says.UNKNOWN}:
            (against if says is Says.NO else unknown)[signal] = None
    return list(against), list(unknown)


def _in_headers(headers: Named, agents: Collection[str]) -> Iterator[tuple[Signal, Says]]:
    for name, value in headers:
        field = name.lower()
        if field == "x-robots-tag":
            yield from _said(HEADER, _ROBOTS, _directives(value, agents))
        elif field == _RESERVATION:
            yield from _said(HEADER, _RESERVATION, [value])
        elif field in _PREFERENCES:
            yield from _said(HEADER, _PREFERENCES[field], [each.partition(";")[0] for each in value.split(",")])


def _in_metas(metas: Named, agents: Collection[str]) -> Iterator[tuple[Signal, Says]]:
    for name, content in metas:
        field = name.strip().lower()
        if field == _EVERYBODY or field in agents:
            # A crawler's own <meta> holds the words of X-Robots-Tag.
            for token, says in ((token, meaning(_ROBOTS, token)) for token in content.split(",")):
                yield Signal(META, field, shortened(token)), says if token.strip() else Says.SILENT
        elif field == _RESERVATION:
            yield from _said(META, _RESERVATION, [content])


def _said(source: str, place: str, tokens: Iterable[str]) -> Iterator[tuple[Signal, Says]]:
    for token in filter(None, map(shortened, tokens)):
        yield Signal(source, place, token), meaning(place, token)


def _directives(value: str, agents: Collection[str]) -> Iterator[str]:
    """Give the words of X-Robots-Tag that are for everybody or for these agents: a name goes before what is its own."""
    is_ours = True
    for each in value.split(","):
        name, colon, rest = each.partition(":")
        is_named = colon and meaning(_ROBOTS, name) is Says.UNKNOWN
        if is_named:
            is_ours = name.strip().lower() in agents
        if is_ours:
            yield rest if is_named else each
