"""Responses are unpacked as Scrapy does it, and of one that is too large nothing stays."""

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response

from tdcrawl.page_outcomes import let_go


class Unpacking(HttpCompressionMiddleware):
    """Unpack a response up to DOWNLOAD_MAXSIZE."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Give the response, unpacked; raises IgnoreRequest where it is too large.

        Several may come at a time, and each such error would hold ten megabytes until it is its turn.
        """
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            let_go(error)
            raise
