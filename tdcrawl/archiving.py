"""A response as the archive keeps it, and back."""

from datetime import UTC, datetime

from scrapy.http import Headers, Response, TextResponse
from scrapy.responsetypes import responsetypes

from tdcrawl.decoding import decoded
from tdcrawl.store.archive import Fetched

# They tell how the body was sent, which is not how it is kept; and a cookie may be somebody's session.
_UNKEPT = frozenset({"Content-Encoding", "Content-Length", "Transfer-Encoding", "Set-Cookie", "Set-Cookie2"})


def header_lines(response: Response) -> list[tuple[str, str]]:
    """Give the headers of a response as texts, a name as often as it was sent."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    ]


def fetched(response: Response) -> Fetched:
    """Turn a response that has just come into what is kept of it."""
    now, is_rendered = datetime.now(UTC), bool(response.meta.get("playwright"))
    if is_rendered and isinstance(response, TextResponse):
        headers = [("Content-Type", f"text/html; charset={response.encoding}")]
    else:
        headers = [(name, value) for name, value in header_lines(response) if name not in _UNKEPT]
    return Fetched(response.url, response.status, headers, response.body, now, rendered=is_rendered)


def response_of(page: Fetched) -> Response:
    """Turn what was kept of a page into a response of the kind that it came as."""
    headers = Headers()
    for name, value in page.headers:
        headers.appendlist(name, value)
    kind = responsetypes.from_args(headers=headers, url=page.url, body=page.body)
    return decoded(kind(url=page.url, status=page.status, headers=headers, body=page.body))
