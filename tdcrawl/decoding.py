"""A response as what its bytes tell it to be: in their encoding, whatever its headers say, and parsed."""

from scrapy.http import Response, TextResponse
from scrapy.selector import Selector

from tdcrawl.extract.encodings import encoding_of


def decoded(response: Response) -> Response:
    """Correct the encoding of a response, where it is a text."""
    if not isinstance(response, TextResponse):
        return response
    encoding = encoding_of(response.body, response.encoding)
    return response if encoding == response.encoding else response.replace(encoding=encoding)


def parsed(response: TextResponse) -> Selector:
    """Parse a response, which keeps what was made of it: the next call gives the same."""
    # They would hold each other, with the whole page and its room, until somebody looks for garbage.
    response.selector.response = None
    return response.selector
