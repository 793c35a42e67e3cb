"""A response in the encoding that its bytes tell, whatever its headers say."""

from scrapy.http import Response, TextResponse

from tdcrawl.extract.encodings import encoding_of


def decoded(response: Response) -> Response:
    """Correct the encoding of a response, where it is a text."""
    if not isinstance(response, TextResponse):
        return response
    encoding = encoding_of(response.body, response.encoding)
    return response if encoding == response.encoding else response.replace(encoding=encoding)
