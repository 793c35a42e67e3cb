"""Which records stay out of a new version: their host, or their page, has asked since that nobody trains with them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from tdcrawl.optout.reading import against
from tdcrawl.optout.statements import Statement, read_back
from tdcrawl.outcomes import PageReason
from tdcrawl.store import left_out, permissions
from tdcrawl.store.engine import Connection
from tdcrawl.store.left_out import LeftOut, Source


def leave_out(connection: Connection, version: str, record_type: str) -> None:
    """Write down which records of a type are to be no rows of a version, and why: the newest reading of each counts."""
    hosts = {host: read_back(row["statements"]) for host, row in permissions.newest(connection).items()}
    hosts = {host: said for host, said in hosts.items() if any(statement.forbids for statement in said)}
    refused = left_out.refused_pages(connection, PageReason.OPTED_OUT)
    if hosts or refused:
        left_out.add(connection, version, list(_opted_out(left_out.sources(connection, record_type), hosts, refused)))


def _opted_out(
    sources: Iterator[Source], hosts: Mapping[str, Sequence[Statement]], refused: Mapping[str, str]
) -> Iterator[LeftOut]:
    @lru_cache(maxsize=10_000)
    def said(host: str, url: str) -> str:
        return "; ".join(map(str, against(hosts.get(host, ()), url)))

    for source in sources:
        # A page that redirects to another host is theirs as well.
        asked = (urlsplit(source.requested_url).netloc, source.host or "")
        of_host = next(filter(None, (said(host, source.requested_url) for host in asked)), None)
        if why := of_host or refused.get(source.canonical_url):
            yield LeftOut(source.record_id, why)
