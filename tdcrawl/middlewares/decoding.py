"""Pages are read in the encoding that they are in."""

from scrapy.http import Request, Response

from tdcrawl.decoding import decoded


class TrueEncoding:
    """Correct the encoding of each response."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Give the response, with the encoding that its bytes tell."""
        return decoded(response)
