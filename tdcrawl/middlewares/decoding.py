"""Pages are read in the encoding that they are in, whatever their headers say."""

from scrapy.http import Request, Response, TextResponse

from tdcrawl.extract.decoding import encoding_of


class TrueEncoding:
    """Correct the encoding of a response."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Give the response, with the encoding that its bytes tell."""
        if not isinstance(response, TextResponse):
            return response
        encoding = encoding_of(response.body, response.encoding)
        return response if encoding == response.encoding else response.replace(encoding=encoding)
